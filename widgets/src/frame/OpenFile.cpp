// What the window does with a file that is handed to it, by the pages that know it.

#include <widgets/MainWindow.h>

#include "BenchmarkImport.h"
#include "WindowLook.h"

#include <widgets/DataPage.h>
#include <widgets/Dialogs.h>
#include <widgets/Page.h>
#include <widgets/Workspace.h>

#include <lethe/base/Paths.h>

#include <QtCore/QFileInfo>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>
#include <QtCore/QSettings>

namespace lethe {

bool MainWindow::openAsSpec(const QString &file)
{
    if (!file.endsWith(QLatin1String(".json"), Qt::CaseInsensitive))
        return false;
    // A data file may be a .json too; a spec is an object with a method
    const auto text = readFile(file.toStdString(), 1u << 22);
    if (!text.ok())
        return false;
    QJsonParseError error;
    const QJsonDocument document = QJsonDocument::fromJson(QByteArray::fromStdString(*text), &error);
    const bool looksLikeSpec = error.error == QJsonParseError::NoError ? document.object().contains(QLatin1String("method"))
                                                                       : text->find("\"method\"") != std::string::npos;
    if (!looksLikeSpec)
        return false;
    m_workspace.openSpec(file);
    return true;
}

void MainWindow::importFile(const QString &file)
{
    showPage(QStringLiteral("pageData"));
    if (auto *sets = qobject_cast<DataPage *>(page(QStringLiteral("pageData"))))
        sets->importFile(file);
}

void MainWindow::importData()
{
    const QStringList files = m_dialogs.openFiles(this, tr("Import data"), m_workspace.settings().value(kLastFolderKey).toString(),
                                                  tr("Data (*.jsonl *.json *.csv *.parquet *.txt);;All files (*)"));
    for (const QString &file : files)
        importFile(file);
}

void MainWindow::importBenchmarkFolder()
{
    const QString folder = m_dialogs.chooseFolder(this, tr("Folder of TOFU, MUSE or open-unlearning data"), m_workspace.settings().value(kLastFolderKey).toString());
    if (folder.isEmpty())
        return;
    showPage(QStringLiteral("pageData"));
    importBenchmark(m_workspace, m_dialogs, this, folder);
}

} // namespace lethe
