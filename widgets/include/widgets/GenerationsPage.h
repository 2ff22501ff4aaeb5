#pragma once

#include <widgets/Page.h>

#include <memory>

namespace lethe {

class Dialogs;

/// Generations (§4.6 of the experience page): read what the numbers mean. Reference, before and now, prompt by prompt, with a
/// slider over the evaluations that never moves by itself unless it follows.
class GenerationsPage : public Page
{
    Q_OBJECT

public:
    GenerationsPage(Workspace &workspace, Dialogs &dialogs, QWidget *parent = nullptr);
    ~GenerationsPage() override;

    QString hint() const override;
    void activate() override;
    bool focusFilter() override;

protected:
    void keyPressEvent(QKeyEvent *event) override;

private:
    struct Private;
    std::unique_ptr<Private> m_private;
};

} // namespace lethe
