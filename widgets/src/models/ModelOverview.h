#pragma once

#include <lethe/model/ModelInfo.h>

#include <QtWidgets/QWidget>

class QFormLayout;
class QLabel;
class QVBoxLayout;

namespace lethe {

class Workspace;

/// The parts of a sum of memory, drawn as one bar against what is free.
class MemoryPartsBar final : public QWidget
{
    Q_OBJECT

public:
    explicit MemoryPartsBar(QWidget *parent = nullptr);
    struct Part {
        QString name;
        std::int64_t bytes = 0;
    };
    void setParts(std::vector<Part> parts, std::int64_t freeBytes);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;
    bool event(QEvent *event) override;

private:
    std::vector<Part> m_parts;
    std::int64_t m_free = 0;
};

/// Facts, problems and remarks of a model, and what training it would take.
class ModelOverview final : public QWidget
{
    Q_OBJECT

public:
    explicit ModelOverview(Workspace &workspace, QWidget *parent = nullptr);
    void setModel(std::shared_ptr<const ModelInfo> info);

private:
    void fillFacts();
    void fillProblems();
    void fillMemory();

    Workspace &m_workspace;
    std::shared_ptr<const ModelInfo> m_info;
    QVBoxLayout *m_problems;
    QFormLayout *m_facts;
    QLabel *m_sum;
    QLabel *m_items;
    QLabel *m_basis;
    MemoryPartsBar *m_bar;
};

} // namespace lethe
