#pragma once

#include <QtWidgets/QWidget>

class QToolButton;
class QVBoxLayout;

namespace lethe {

/// A part that folds away behind its title.
class Fold final : public QWidget
{
    Q_OBJECT

public:
    explicit Fold(const QString &title, QWidget *parent = nullptr);

    QVBoxLayout *body() const { return m_body; }
    void setTitle(const QString &title);
    void setOpen(bool open);
    bool isOpen() const;

Q_SIGNALS:
    void toggled(bool open);

private:
    QToolButton *m_button;
    QWidget *m_content;
    QVBoxLayout *m_body;
};

} // namespace lethe
