#pragma once

#include <widgets/Page.h>

#include <memory>

namespace lethe {

class Dialogs;

/// Live (§4.5 of the experience page): see whether a run works while it can still be stopped. Shows `Workspace::shownRun`, the
/// active run as it goes, any other from the store, also one that another process writes.
class LivePage : public Page
{
    Q_OBJECT

public:
    LivePage(Workspace &workspace, Dialogs &dialogs, QWidget *parent = nullptr);
    ~LivePage() override;

    QString hint() const override;
    void activate() override;

protected:
    void keyPressEvent(QKeyEvent *event) override;

private:
    struct Private;
    std::unique_ptr<Private> m_private;
};

} // namespace lethe
