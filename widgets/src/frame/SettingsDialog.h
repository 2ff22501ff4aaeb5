#pragma once

#include <QtWidgets/QDialog>

#include <vector>

class QListWidget;
class QStackedWidget;

namespace lethe {

class Dialogs;
class WindowActions;
class Workspace;

struct SettingsSection {
    QString id;
    QString title;
    QString icon;
    QString words; ///< what the search finds it by, beside its title
};

/// `Ctrl+,`: everything of taste, applied at once, each with its reset.
class SettingsDialog final : public QDialog
{
    Q_OBJECT

public:
    SettingsDialog(Workspace &workspace, Dialogs &dialogs, WindowActions &actions, QWidget *parent);

    static std::vector<SettingsSection> sections();
    /// The one shown last for an empty id.
    void showSection(const QString &id);

private:
    void search(const QString &text);
    QWidget *makeGeneral();
    QWidget *makePlots();
    QWidget *makeRuns();
    QWidget *makeStorage();

    Workspace &m_workspace;
    Dialogs &m_dialogs;
    QListWidget *m_list;
    QStackedWidget *m_stack;
};

} // namespace lethe
