#pragma once

#include <widgets/Page.h>

#include <lethe/store/RunStore.h>

#include <vector>

class QLabel;
class QVBoxLayout;
class QFrame;

namespace lethe {

class ActionCard;
class Dialogs;
class Workspace;

/// Start or go on, in one click. `pageWelcome`.
class WelcomePage final : public Page
{
    Q_OBJECT

public:
    WelcomePage(Workspace &workspace, Dialogs &dialogs, QWidget *parent = nullptr);

    QString hint() const override;
    void activate() override;

private:
    void buildCards(QVBoxLayout *column);
    void buildLists(QVBoxLayout *column);
    void buildSteps(QVBoxLayout *column);
    void showRuns(const std::vector<RunRow> &rows);
    void showModels();
    void showRecovery(const std::vector<RunRow> &rows);
    QWidget *runRow(const RunRow &row);
    QWidget *modelRow(const QString &folder);

    Workspace &m_workspace;
    Dialogs &m_dialogs;
    QFrame *m_recovery;
    QLabel *m_lead;
    ActionCard *m_demo = nullptr;
    QWidget *m_lists = nullptr;
    QWidget *m_steps = nullptr; ///< how it goes, for a store with no run
    QVBoxLayout *m_runs = nullptr;
    QVBoxLayout *m_models = nullptr;
    QLabel *m_device = nullptr;
    QStringList m_seenRuns;
    QStringList m_seenModels;
    RunId m_recoverable = 0;
    bool m_reading = false;
};

} // namespace lethe
