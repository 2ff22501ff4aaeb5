#pragma once

#include <widgets/Page.h>

namespace lethe {

/// The room of the probes; it holds none yet, and says so. `pageDiagnostics`.
class DiagnosticsPage final : public Page
{
    Q_OBJECT

public:
    explicit DiagnosticsPage(Workspace &workspace, QWidget *parent = nullptr);
};

} // namespace lethe
