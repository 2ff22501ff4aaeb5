#include "PlotExportDialog.h"

#include <widgets/Dialogs.h>
#include <widgets/Theme.h>

#include <QtCore/QDir>
#include <QtCore/QRegularExpression>
#include <QtCore/QSettings>
#include <QtCore/QStandardPaths>
#include <QtWidgets/QCheckBox>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QDialogButtonBox>
#include <QtWidgets/QFormLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QSpinBox>

namespace lethe {
namespace {

const QString kPlotFolderKey = QStringLiteral("plots/exportFolder");
const QString kExportFormatKey = QStringLiteral("plots/exportFormat");
const QString kExportSizeKey = QStringLiteral("plots/exportSize");
const QString kExportScaleKey = QStringLiteral("plots/exportScale");

QString fileEnding(PlotExportOptions::Format format)
{
    switch (format) {
    case PlotExportOptions::Format::Png: return QStringLiteral("png");
    case PlotExportOptions::Format::Svg: return QStringLiteral("svg");
    case PlotExportOptions::Format::Pdf: return QStringLiteral("pdf");
    case PlotExportOptions::Format::Csv: return QStringLiteral("csv");
    }
    return {};
}

} // namespace

PlotExportDialog::PlotExportDialog(PlotExport plot, const QString &title, Dialogs &dialogs, QSettings *settings, QWidget *parent)
    : QDialog(parent), m_plot(std::move(plot)), m_title(title), m_dialogs(dialogs), m_settings(settings)
{
    setWindowTitle(tr("Export %1").arg(title));
    setObjectName(QStringLiteral("plotExportDialog"));
    m_format = new QComboBox(this);
    m_format->setObjectName(QStringLiteral("plotExportFormat"));
    m_format->addItem(tr("PNG picture"), static_cast<int>(PlotExportOptions::Format::Png));
    m_format->addItem(tr("SVG drawing"), static_cast<int>(PlotExportOptions::Format::Svg));
    m_format->addItem(tr("PDF drawing"), static_cast<int>(PlotExportOptions::Format::Pdf));
    m_format->addItem(tr("CSV: the values"), static_cast<int>(PlotExportOptions::Format::Csv));
    m_size = new QComboBox(this);
    m_size->addItem(tr("As on the screen"), 0.0);
    m_size->addItem(tr("Paper, one column: 8.4 cm, 8 pt, light"), 8.4);
    m_size->addItem(tr("Paper, full width: 17.4 cm, 8 pt, light"), 17.4);
    m_scale = new QSpinBox(this);
    m_scale->setRange(1, 4);
    m_scale->setValue(2);
    m_scale->setPrefix(QStringLiteral("× "));
    m_transparent = new QCheckBox(tr("&Transparent background"), this);
    m_visibleOnly = new QCheckBox(tr("Only the &shown range"), this);
    m_error = new QLabel(this);
    m_error->setWordWrap(true);
    m_error->hide();
    QPalette red = m_error->palette();
    red.setColor(QPalette::WindowText, Theme::error());
    m_error->setPalette(red);

    auto *form = new QFormLayout(this);
    form->addRow(tr("&Format"), m_format);
    form->addRow(tr("Si&ze"), m_size);
    form->addRow(tr("S&cale"), m_scale);
    form->addRow(QString(), m_transparent);
    form->addRow(QString(), m_visibleOnly);
    form->addRow(m_error);
    auto *buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    auto *save = buttons->addButton(tr("Export…"), QDialogButtonBox::AcceptRole);
    save->setDefault(true);
    form->addRow(buttons);
    connect(buttons, &QDialogButtonBox::accepted, this, &PlotExportDialog::choose);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(m_format, &QComboBox::currentIndexChanged, this, &PlotExportDialog::updateEnabled);
    if (m_settings) { // as the last one was made
        m_format->setCurrentIndex(std::max(0, m_format->findData(m_settings->value(kExportFormatKey).toInt())));
        m_size->setCurrentIndex(std::max(0, m_size->findData(m_settings->value(kExportSizeKey).toDouble())));
        m_scale->setValue(m_settings->value(kExportScaleKey, m_scale->value()).toInt());
    }
    updateEnabled();
}

PlotExportOptions PlotExportDialog::options() const
{
    PlotExportOptions options;
    options.format = static_cast<PlotExportOptions::Format>(m_format->currentData().toInt());
    options.scale = m_scale->value();
    options.transparent = m_transparent->isChecked();
    options.visibleOnly = m_visibleOnly->isChecked();
    if (const double width = m_size->currentData().toDouble(); width > 0)
        options.paperWidthCm = width;
    return options;
}

void PlotExportDialog::updateEnabled()
{
    const auto format = static_cast<PlotExportOptions::Format>(m_format->currentData().toInt());
    m_size->setEnabled(format != PlotExportOptions::Format::Csv);
    m_scale->setEnabled(format == PlotExportOptions::Format::Png);
    m_transparent->setEnabled(format != PlotExportOptions::Format::Csv);
    m_visibleOnly->setEnabled(format == PlotExportOptions::Format::Csv);
}

bool PlotExportDialog::writeTo(const QString &path)
{
    const Result<void> written = m_plot.write(path, options());
    if (!written) {
        m_error->setText(QString::fromStdString(written.error().message()));
        m_error->show();
        return false;
    }
    m_writtenPath = path;
    if (m_settings) {
        m_settings->setValue(kPlotFolderKey, QFileInfo(path).absolutePath());
        m_settings->setValue(kExportFormatKey, m_format->currentData());
        m_settings->setValue(kExportSizeKey, m_size->currentData());
        m_settings->setValue(kExportScaleKey, m_scale->value());
    }
    return true;
}

void PlotExportDialog::choose()
{
    const QString ending = fileEnding(options().format);
    QString folder = m_settings ? m_settings->value(kPlotFolderKey).toString() : QString();
    if (folder.isEmpty() || !QDir(folder).exists())
        folder = QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation);
    QString name = m_subject.isEmpty() ? m_title.toLower() : m_subject.toLower() + u' ' + m_title.toLower();
    name.replace(QRegularExpression(QStringLiteral("[^\\w.-]+")), QStringLiteral("-"));
    QString path = m_dialogs.saveFile(this, windowTitle(), folder + QLatin1Char('/') + name + QLatin1Char('.') + ending,
                                      tr("%1 files (*.%2)").arg(ending.toUpper(), ending));
    if (path.isEmpty())
        return;
    if (QFileInfo(path).suffix().isEmpty())
        path += QLatin1Char('.') + ending;
    if (writeTo(path))
        accept();
}

} // namespace lethe
