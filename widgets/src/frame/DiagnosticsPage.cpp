#include "DiagnosticsPage.h"

#include "EmptyState.h"

#include <QtWidgets/QVBoxLayout>

namespace lethe {

DiagnosticsPage::DiagnosticsPage(Workspace &, QWidget *parent)
    : Page(QStringLiteral("pageDiagnostics"), tr("Diagnostics"), parent)
{
    auto *all = new QVBoxLayout(this);
    all->addWidget(new EmptyState(QStringLiteral("diagnostics"), tr("No probe in this version"),
                                  tr("Probes will ask whether what was unlearned can be brought back; each will need a finished run with a "
                                     "checkpoint, and some a model trained without the forget rows."), this));
}

} // namespace lethe
