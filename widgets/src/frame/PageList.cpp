#include <widgets/PageList.h>

#include "EmptyState.h"

#include "../diagnostics/DiagnosticsPage.h"

#include <widgets/ComparePage.h>
#include <widgets/DataPage.h>
#include <widgets/ExperimentPage.h>
#include <widgets/ExportPage.h>
#include <widgets/GenerationsPage.h>
#include <widgets/LivePage.h>
#include <widgets/ModelsPage.h>
#include <widgets/Page.h>
#include <widgets/RunsPage.h>
#include <widgets/WelcomePage.h>

#include <QtCore/QCoreApplication>
#include <QtWidgets/QVBoxLayout>

namespace lethe {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("lethe::PageList", text);
}

/// Keeps the place of a page whose making is not linked in.
class MissingPage final : public Page
{
public:
    MissingPage(const QString &id, const QString &title, const QString &icon, QWidget *parent)
        : Page(id, title, parent)
    {
        auto *all = new QVBoxLayout(this);
        all->addWidget(new EmptyState(icon, title, tr("This build holds no such page."), this));
    }
};

template<typename P>
std::function<Page *(Workspace &, Dialogs &, QWidget *)> with()
{
    return [](Workspace &workspace, Dialogs &dialogs, QWidget *parent) -> Page * { return new P(workspace, dialogs, parent); };
}

} // namespace

std::vector<PageEntry> pageList()
{
    std::vector<PageEntry> pages{
        {QStringLiteral("pageWelcome"), tr("Welcome"), QStringLiteral("welcome"), with<WelcomePage>()},
        {QStringLiteral("pageModels"), tr("Models"), QStringLiteral("models"), with<ModelsPage>()},
        {QStringLiteral("pageData"), tr("Data"), QStringLiteral("data"), with<DataPage>()},
        {QStringLiteral("pageExperiment"), tr("Experiment"), QStringLiteral("experiment"), with<ExperimentPage>()},
        {QStringLiteral("pageLive"), tr("Live"), QStringLiteral("live"), with<LivePage>()},
        {QStringLiteral("pageGenerations"), tr("Generations"), QStringLiteral("generations"), with<GenerationsPage>()},
        {QStringLiteral("pageRuns"), tr("Runs"), QStringLiteral("runs"), with<RunsPage>()},
        {QStringLiteral("pageCompare"), tr("Compare"), QStringLiteral("compare"), with<ComparePage>()},
        {QStringLiteral("pageDiagnostics"), tr("Diagnostics"), QStringLiteral("diagnostics"), with<DiagnosticsPage>()},
        {QStringLiteral("pageExport"), tr("Export"), QStringLiteral("export"), with<ExportPage>()},
    };
    for (PageEntry &entry : pages) {
        if (entry.make)
            continue;
        entry.make = [id = entry.id, title = entry.title, icon = entry.icon](Workspace &, Dialogs &, QWidget *parent) -> Page * {
            return new MissingPage(id, title, icon, parent);
        };
    }
    return pages;
}

} // namespace lethe
