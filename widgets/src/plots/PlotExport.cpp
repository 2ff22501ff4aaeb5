#include "PlotExport.h"

#include "parts/CsvCell.h"

#include <QtCore/QBuffer>
#include <QtCore/QLocale>
#include <QtCore/QSaveFile>
#include <QtGui/QPdfWriter>
#include <QtSvg/QSvgGenerator>

#include <algorithm>
#include <cmath>
#include <memory>

namespace lethe {
namespace {

constexpr double kScreenDpi = 96;
constexpr double kPaperDpi = 254; ///< 100 dots a centimetre: 8.4 and 17.4 cm are whole numbers of dots
constexpr double kPaperPoints = 8;
constexpr double kPaperHeightShare = 0.62; ///< of the width
constexpr std::size_t kMostLegendEntries = 12;

QString numberForCsv(double value)
{
    if (std::isnan(value))
        return QStringLiteral("nan");
    if (std::isinf(value))
        return value < 0 ? QStringLiteral("-inf") : QStringLiteral("inf");
    return QString::number(value, 'g', QLocale::FloatingPointShortest);
}

void addExportLegend(QCustomPlot &plot, const PlotContents &contents, const PlotStyle &style, int width)
{
    auto *legend = new QCPLegend;
    plot.plotLayout()->addElement(plot.plotLayout()->rowCount(), 0, legend);
    legend->setLayer(QStringLiteral("legend"));
    legend->setBorderPen(Qt::NoPen);
    legend->setBrush(Qt::NoBrush);
    legend->setFont(style.font);
    legend->setTextColor(style.text);
    legend->setIconSize(qRound(26 * style.unit), qRound(10 * style.unit));
    legend->setMargins(QMargins(qRound(10 * style.unit), 0, qRound(6 * style.unit), qRound(4 * style.unit)));
    const QFontMetricsF metrics(style.font);
    double widest = 1;
    std::size_t shown = 0;
    for (int i = 0; i < plot.plottableCount() && shown < kMostLegendEntries; ++i) {
        if (!contents.curves[static_cast<std::size_t>(i)].visible)
            continue;
        ++shown;
        widest = std::max(widest, metrics.horizontalAdvance(contents.curves[static_cast<std::size_t>(i)].name) + 48 * style.unit);
    }
    legend->setFillOrder(QCPLayoutGrid::foColumnsFirst);
    legend->setWrap(std::max(1, static_cast<int>(width / widest)));
    shown = 0;
    for (int i = 0; i < plot.plottableCount() && shown < kMostLegendEntries; ++i) {
        if (!contents.curves[static_cast<std::size_t>(i)].visible)
            continue;
        ++shown;
        plot.plottable(i)->addToLegend(legend);
    }
    plot.plotLayout()->setRowStretchFactor(plot.plotLayout()->rowCount() - 1, 0.001);
    plot.plotLayout()->setRowSpacing(0);
}

} // namespace

struct PlotExport::Drawing {
    std::unique_ptr<QCustomPlot> plot;
    std::unique_ptr<PlotScene> scene; ///< destroyed before the plot
    QSize size;                       ///< pixels at `dpi`
    double dpi = kScreenDpi;

    ~Drawing() { scene.reset(); }
    Drawing() = default;
    Drawing(Drawing &&) = default;
    Drawing &operator=(Drawing &&) = default;
};

PlotExport::PlotExport(PlotContents contents, AxisSpan x, AxisSpan y, QSize screenSize, PlotStyle screenStyle)
    : m_contents(std::move(contents)), m_x(x), m_y(y), m_screenSize(screenSize), m_screenStyle(std::move(screenStyle))
{
    for (PlotCurve &curve : m_contents.curves)
        curve.raised = false;
}

PlotExport::PlotExport(const QString &title, Draw draw, QString csv, QSize screenSize, PlotStyle screenStyle)
    : m_draw(std::move(draw)), m_csv(std::move(csv)), m_screenSize(screenSize), m_screenStyle(std::move(screenStyle))
{
    m_contents.title = title;
}

PlotExport::Drawing PlotExport::prepare(const PlotExportOptions &options, double dpi) const
{
    Drawing drawing;
    drawing.dpi = dpi;
    PlotStyle style;
    if (options.paperWidthCm) {
        const double width = *options.paperWidthCm / 2.54 * dpi;
        drawing.size = QSize(qRound(width), qRound(width * (*options.paperWidthCm > 12 ? 0.45 : kPaperHeightShare)));
        style = PlotStyle::paper(dpi, kPaperPoints, options.transparent);
    } else {
        const double factor = dpi / kScreenDpi;
        drawing.size = m_screenSize * factor;
        style = m_screenStyle;
        style.thin = false;
        style.unit *= factor;
        // pixels, for what is drawn must not depend on the resolution of what it is drawn on
        style.font.setPixelSize(std::max(1, qRound(QFontInfo(m_screenStyle.font).pixelSize() * factor)));
        if (options.transparent)
            style.background = Qt::transparent;
    }
    drawing.plot = std::make_unique<QCustomPlot>();
    drawing.plot->setBufferDevicePixelRatio(1);
    if (m_draw) {
        m_draw(*drawing.plot, style);
        return drawing;
    }
    drawing.scene = std::make_unique<PlotScene>(*drawing.plot);
    drawing.scene->setStyle(style);
    drawing.scene->show(m_contents);
    drawing.plot->xAxis->setRange(m_x.lower, m_x.upper);
    drawing.plot->yAxis->setRange(m_y.lower, m_y.upper);
    const bool namesNeeded = m_contents.curves.size() > 1
                             || (m_contents.curves.size() == 1 && m_contents.curves.front().name != m_contents.title);
    if (namesNeeded)
        addExportLegend(*drawing.plot, m_contents, style, drawing.size.width());
    return drawing;
}

QImage PlotExport::image(const PlotExportOptions &options) const
{
    const int scale = std::clamp(options.scale, 1, 4);
    const double dpi = options.paperWidthCm ? kPaperDpi * scale / 2.0 : kScreenDpi * scale;
    const Drawing drawing = prepare(options, dpi);
    QImage image(drawing.size, QImage::Format_ARGB32_Premultiplied);
    image.setDotsPerMeterX(qRound(dpi / 0.0254));
    image.setDotsPerMeterY(qRound(dpi / 0.0254));
    image.fill(Qt::transparent);
    QCPPainter painter(&image);
    drawing.plot->toPainter(&painter, drawing.size.width(), drawing.size.height());
    painter.end();
    return image;
}

QByteArray PlotExport::svg(const PlotExportOptions &options) const
{
    const Drawing drawing = prepare(options, options.paperWidthCm ? kPaperDpi : kScreenDpi);
    QByteArray bytes;
    QBuffer buffer(&bytes);
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setResolution(qRound(drawing.dpi));
    generator.setSize(drawing.size);
    generator.setViewBox(QRect(QPoint(0, 0), drawing.size));
    generator.setTitle(m_contents.title);
    QCPPainter painter;
    painter.begin(&generator);
    painter.setMode(QCPPainter::pmVectorized);
    painter.setMode(QCPPainter::pmNoCaching);
    drawing.plot->toPainter(&painter, drawing.size.width(), drawing.size.height());
    painter.end();
    return bytes;
}

QByteArray PlotExport::pdf(const PlotExportOptions &options) const
{
    const Drawing drawing = prepare(options, options.paperWidthCm ? kPaperDpi : kScreenDpi);
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    QPdfWriter writer(&buffer);
    writer.setTitle(m_contents.title);
    writer.setResolution(qRound(drawing.dpi));
    const QSizeF points(drawing.size.width() * 72.0 / drawing.dpi, drawing.size.height() * 72.0 / drawing.dpi);
    writer.setPageSize(QPageSize(points, QPageSize::Point, {}, QPageSize::ExactMatch));
    writer.setPageMargins(QMarginsF(0, 0, 0, 0));
    QCPPainter painter;
    painter.begin(&writer);
    painter.setMode(QCPPainter::pmVectorized);
    painter.setMode(QCPPainter::pmNoCaching);
    drawing.plot->toPainter(&painter, drawing.size.width(), drawing.size.height());
    painter.end();
    return bytes;
}

QString PlotExport::csv(bool visibleOnly) const
{
    if (m_draw)
        return m_csv;
    QString text = QStringLiteral("curve,step,raw,smoothed\r\n");
    for (const PlotCurve &curve : m_contents.curves) {
        const CurveData &data = *curve.data;
        const QString name = csvCell(curve.name);
        for (std::size_t i = 0; i < data.size(); ++i) {
            if (visibleOnly && (data.x()[i] < m_x.lower || data.x()[i] > m_x.upper))
                continue;
            text += name + QLatin1Char(',') + numberForCsv(data.steps()[i]) + QLatin1Char(',') + numberForCsv(data.values()[i])
                    + QLatin1Char(',') + numberForCsv(data.smoothed()[i]) + QLatin1String("\r\n");
        }
    }
    return text;
}

Result<void> PlotExport::write(const QString &path, const PlotExportOptions &options) const
{
    QByteArray bytes;
    switch (options.format) {
    case PlotExportOptions::Format::Png: {
        QBuffer buffer(&bytes);
        image(options).save(&buffer, "PNG");
        break;
    }
    case PlotExportOptions::Format::Svg: bytes = svg(options); break;
    case PlotExportOptions::Format::Pdf: bytes = pdf(options); break;
    case PlotExportOptions::Format::Csv: bytes = csv(options.visibleOnly).toUtf8(); break;
    }
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() || !file.commit()) {
        return Error{.code = ErrorCode::Io,
                     .what = "cannot write the picture: " + file.errorString().toStdString(),
                     .where = path.toStdString(),
                     .hint = "choose another folder"};
    }
    return {};
}

} // namespace lethe
