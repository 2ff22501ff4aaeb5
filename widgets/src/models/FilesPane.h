#pragma once

#include <lethe/model/ModelInfo.h>

#include <QtWidgets/QWidget>

#include <memory>

class QLabel;
class QPushButton;
class QStandardItemModel;
class QTreeView;

namespace lethe {

class Workspace;

/// A model's files with their sizes; *Full check* hashes them and keeps the result in the store.
class FilesPane final : public QWidget
{
    Q_OBJECT

public:
    explicit FilesPane(Workspace &workspace, QWidget *parent = nullptr);
    void setModel(std::shared_ptr<const ModelInfo> info);

private:
    void show();
    void check();

    Workspace &m_workspace;
    std::shared_ptr<const ModelInfo> m_info;
    QStandardItemModel *m_files;
    QTreeView *m_view;
    QPushButton *m_check;
    QLabel *m_state;
    bool m_checking = false;
};

} // namespace lethe
