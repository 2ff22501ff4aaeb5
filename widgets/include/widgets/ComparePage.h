#pragma once

#include <widgets/Page.h>

#include <memory>

namespace lethe {

class Dialogs;

/// Compare (§4.8 of the experience page): which run is better, and why. Any number of runs, each in its own colour.
class ComparePage : public Page
{
    Q_OBJECT

public:
    ComparePage(Workspace &workspace, Dialogs &dialogs, QWidget *parent = nullptr);
    ~ComparePage() override;

    QString hint() const override;
    void activate() override;

protected:
    void keyPressEvent(QKeyEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    struct Private;
    std::unique_ptr<Private> m_private;
};

} // namespace lethe
