#pragma once

#include "ProbeWork.h"

#include <widgets/Page.h>

#include <memory>

namespace lethe {

class Dialogs;
class Workspace;

/// The room of the probes: which question, of which checkpoint, with which settings; what came of it as a sentence, a picture and a
/// table. Results are kept in the store. `pageDiagnostics`.
class DiagnosticsPage final : public Page
{
    Q_OBJECT

public:
    /// Both outlive the page.
    DiagnosticsPage(Workspace &workspace, Dialogs &dialogs, QWidget *parent = nullptr);
    ~DiagnosticsPage() override;

    QString hint() const override;
    void activate() override;
    /// For tests: what does the work.
    void setEngine(ProbeEngine engine);

private:
    struct Private;
    std::unique_ptr<Private> m_private;
};

} // namespace lethe
