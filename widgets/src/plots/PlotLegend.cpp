#include "PlotLegend.h"

#include "FlowLayout.h"

#include <QtGui/QMouseEvent>
#include <QtGui/QPainter>
#include <QtWidgets/QLabel>
#include <QtWidgets/QStyle>
#include <QtWidgets/QStyleOptionFocusRect>

namespace lethe {
namespace {

constexpr std::size_t kMostEntries = 12;

int legendIconWidth(const QWidget &widget)
{
    return qRound(widget.fontMetrics().height() * 1.5);
}

int legendGap(const QWidget &widget)
{
    return widget.fontMetrics().height() / 3;
}

} // namespace

LegendEntry::LegendEntry(QWidget *parent)
    : QAbstractButton(parent)
{
    setFocusPolicy(Qt::TabFocus);
    setCursor(Qt::PointingHandCursor);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
}

void LegendEntry::setCurve(const PlotCurve &curve)
{
    const bool sameSize = curve.name == m_curve.name;
    m_curve = curve;
    setAccessibleName(curve.visible ? tr("%1, shown").arg(curve.name) : tr("%1, hidden").arg(curve.name));
    if (!sameSize)
        updateGeometry();
    update();
}

void LegendEntry::setValue(const QString &value, const QString &full)
{
    if (m_value == value)
        return;
    m_value = value;
    setToolTip(full.isEmpty() ? tr("Click hides, Alt+click shows it alone") : tr("%1: %2\nClick hides, Alt+click shows it alone").arg(m_curve.name, full));
    const int width = fontMetrics().horizontalAdvance(value);
    if (width > m_widestValue) {
        m_widestValue = width;
        updateGeometry();
    }
    update();
}

QSize LegendEntry::sizeHint() const
{
    const int gap = legendGap(*this);
    int width = legendIconWidth(*this) + gap + fontMetrics().horizontalAdvance(m_curve.name) + gap;
    if (m_widestValue > 0)
        width += m_widestValue + gap;
    return {width + gap, qRound(fontMetrics().height() * 1.45)};
}

void LegendEntry::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const int gap = legendGap(*this);
    const PlotStyle style = PlotStyle::screen(*this);
    if (underMouse() && isEnabled()) {
        QColor tint = palette().color(QPalette::WindowText);
        tint.setAlphaF(0.07F);
        painter.setPen(Qt::NoPen);
        painter.setBrush(tint);
        painter.drawRoundedRect(rect(), gap * 0.6, gap * 0.6);
    }
    const double opacity = m_curve.visible ? 1.0 : 0.45;
    painter.setOpacity(opacity);
    const double middle = height() / 2.0;
    const double iconEnd = gap / 2.0 + legendIconWidth(*this);
    painter.setPen(m_curve.style.pen(style));
    painter.drawLine(QPointF(gap / 2.0, middle), QPointF(iconEnd, middle));
    if (m_curve.style.marker() != CurveMarker::None)
        drawCurveMarker(painter, m_curve.style.marker(), {(gap / 2.0 + iconEnd) / 2, middle}, 6.5 * style.unit, m_curve.style.color(style), style.text);
    painter.setOpacity(1);

    QRectF text(iconEnd + gap, 0, width() - iconEnd - gap, height());
    QFont font = this->font();
    font.setStrikeOut(!m_curve.visible);
    painter.setFont(font);
    painter.setPen(Theme::muted());
    const double valueWidth = m_widestValue > 0 ? m_widestValue + gap : 0;
    const QString name = fontMetrics().elidedText(m_curve.name, Qt::ElideMiddle, qRound(text.width() - valueWidth));
    painter.drawText(text, Qt::AlignLeft | Qt::AlignVCenter, name);
    if (m_curve.visible && !m_value.isEmpty()) {
        text.setLeft(text.left() + fontMetrics().horizontalAdvance(name) + gap);
        painter.setFont(this->font());
        painter.setPen(palette().color(QPalette::WindowText));
        painter.drawText(text, Qt::AlignLeft | Qt::AlignVCenter, m_value);
    }
    if (hasFocus()) {
        painter.setPen(QPen(Theme::accent(), 1.5));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), gap * 0.6, gap * 0.6);
    }
}

void LegendEntry::enterEvent(QEnterEvent *event)
{
    QAbstractButton::enterEvent(event);
    update();
    Q_EMIT hoverChanged(true);
}

void LegendEntry::leaveEvent(QEvent *event)
{
    QAbstractButton::leaveEvent(event);
    update();
    Q_EMIT hoverChanged(false);
}

void LegendEntry::mouseReleaseEvent(QMouseEvent *event)
{
    if (event->button() == Qt::LeftButton && (event->modifiers() & Qt::AltModifier) && rect().contains(event->pos())) {
        setDown(false);
        Q_EMIT soloRequested();
        return;
    }
    QAbstractButton::mouseReleaseEvent(event);
}

void LegendEntry::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange)
        m_widestValue = m_value.isEmpty() ? 0 : fontMetrics().horizontalAdvance(m_value);
    QAbstractButton::changeEvent(event);
}

PlotLegend::PlotLegend(QWidget *parent)
    : QWidget(parent), m_more(new QLabel(this))
{
    auto *flow = new FlowLayout(this);
    flow->setSpacing(fontMetrics().height() / 4);
    flow->addWidget(m_more);
    m_more->hide();
    m_more->setForegroundRole(QPalette::PlaceholderText);
    QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Minimum);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
}

void PlotLegend::setCurves(const std::vector<PlotCurve> &curves)
{
    const std::size_t wanted = std::min(curves.size(), kMostEntries);
    while (m_entries.size() > wanted) {
        delete m_entries.back();
        m_entries.pop_back();
    }
    while (m_entries.size() < wanted) {
        auto *entry = new LegendEntry(this);
        const std::size_t index = m_entries.size();
        connect(entry, &LegendEntry::clicked, this, [this, index] { Q_EMIT toggled(index); });
        connect(entry, &LegendEntry::soloRequested, this, [this, index] { Q_EMIT soloRequested(index); });
        connect(entry, &LegendEntry::hoverChanged, this, [this, index](bool on) { Q_EMIT raised(index, on); });
        entry->setContextMenuPolicy(Qt::CustomContextMenu);
        connect(entry, &LegendEntry::customContextMenuRequested, this,
                [this, index, entry](const QPoint &at) { Q_EMIT menuRequested(index, entry->mapToGlobal(at)); });
        m_entries.push_back(entry);
        layout()->removeWidget(m_more); // it stays the last
        layout()->addWidget(entry);
        layout()->addWidget(m_more);
        entry->show();
    }
    for (std::size_t i = 0; i < wanted; ++i)
        m_entries[i]->setCurve(curves[i]);
    m_more->setVisible(curves.size() > wanted);
    if (curves.size() > wanted)
        m_more->setText(tr("and %L1 more").arg(curves.size() - wanted));
    setVisible(!curves.empty());
}

void PlotLegend::setValue(std::size_t curve, const QString &value, const QString &full)
{
    if (curve < m_entries.size())
        m_entries[curve]->setValue(value, full);
}

} // namespace lethe
