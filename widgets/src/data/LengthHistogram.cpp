#include "LengthHistogram.h"

#include <widgets/Theme.h>

#include <QtGui/QPainter>

#include <algorithm>

namespace lethe {

namespace {
constexpr int kBars = 24;
}

LengthHistogram::LengthHistogram(QWidget *parent) : QWidget(parent), m_forget(kBars, 0), m_retain(kBars, 0)
{
    setObjectName(QStringLiteral("lengthHistogram"));
    setAccessibleName(tr("Lengths in tokens"));
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

QSize LengthHistogram::sizeHint() const
{
    return {fontMetrics().averageCharWidth() * 36, fontMetrics().height() * 2};
}

void LengthHistogram::setLengths(const std::vector<std::int64_t> &forget, const std::vector<std::int64_t> &retain, std::int64_t cutAt)
{
    m_cutAt = cutAt;
    m_longest = 0;
    for (const auto *lengths : {&forget, &retain})
        for (const std::int64_t length : *lengths)
            m_longest = std::max(m_longest, length);
    const std::int64_t span = std::max<std::int64_t>(1, std::max(m_longest, m_longest * 5 / 4 > cutAt ? cutAt : m_longest));
    m_longest = span;
    const auto fill = [span](std::vector<int> &bars, const std::vector<std::int64_t> &lengths) {
        bars.assign(kBars, 0);
        for (const std::int64_t length : lengths)
            ++bars[static_cast<std::size_t>(std::min<std::int64_t>(kBars - 1, length * kBars / (span + 1)))];
    };
    fill(m_forget, forget);
    fill(m_retain, retain);
    setVisible(!forget.empty() || !retain.empty());
    const QString text = tr("Lengths from 0 to %L1 tokens; forget coloured as on the curves, retain behind. Rows are cut at %L2.")
                             .arg(span).arg(cutAt);
    setToolTip(text);
    setAccessibleDescription(text);
    update();
}

void LengthHistogram::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    const int most = std::max({1, *std::max_element(m_forget.begin(), m_forget.end()), *std::max_element(m_retain.begin(), m_retain.end())});
    const QFontMetrics metrics = fontMetrics();
    const int labels = metrics.horizontalAdvance(QString::number(m_longest)) + metrics.averageCharWidth();
    const QRectF area(0.5, 1.5, width() - labels - metrics.averageCharWidth(), height() - 3);
    const double bar = area.width() / kBars;
    const auto draw = [&](const std::vector<int> &bars, const QColor &color, double inset) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(color);
        for (int at = 0; at < kBars; ++at) {
            const int rows = bars[static_cast<std::size_t>(at)];
            if (rows == 0)
                continue;
            const double tall = std::max(2.0, area.height() * rows / most);
            painter.drawRect(QRectF(area.left() + at * bar + inset, area.bottom() - tall, bar - 1 - 2 * inset, tall));
        }
    };
    painter.setPen(Theme::grid());
    painter.drawLine(area.bottomLeft(), area.bottomRight());
    QColor behind = Theme::curve(CurveRole::Retain);
    behind.setAlphaF(0.45f);
    draw(m_retain, behind, 0);
    draw(m_forget, Theme::curve(CurveRole::Forget), bar / 5);
    if (m_cutAt > 0 && m_cutAt <= m_longest) {
        const double x = area.left() + area.width() * double(m_cutAt) / double(m_longest + 1);
        painter.setPen(QPen(Theme::warning(), 1.5, Qt::DashLine));
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
    }
    painter.setPen(Theme::muted());
    painter.drawText(QRectF(width() - labels, 0, labels - 1, height()), Qt::AlignRight | Qt::AlignBottom, QString::number(m_longest));
}

} // namespace lethe
