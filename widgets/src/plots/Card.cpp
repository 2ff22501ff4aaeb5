#include "Card.h"

#include <widgets/Theme.h>

#include <QtGui/QPainter>
#include <QtGui/QPainterPath>

namespace lethe {
namespace {

QColor toneColor(Card::Tone tone)
{
    switch (tone) {
    case Card::Tone::Success: return Theme::success();
    case Card::Tone::Warning:
    case Card::Tone::Hatched: return Theme::warning();
    case Card::Tone::Error: return Theme::error();
    case Card::Tone::Plain: break;
    }
    return {};
}

} // namespace

Card::Card(QWidget *parent)
    : QFrame(parent)
{
    setFrameShape(QFrame::NoFrame);
}

void Card::setTone(Tone tone)
{
    m_tone = tone;
    update();
}

void Card::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const double unit = fontMetrics().height() / 16.0;
    const double radius = 7 * unit;
    const QRectF area = QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5);
    painter.setPen(QPen(showsFocus() ? Theme::accent() : Theme::grid(), showsFocus() ? 1.6 : 1.0));
    painter.setBrush(Theme::surface());
    painter.drawRoundedRect(area, radius, radius);
    if (m_tone == Tone::Plain)
        return;

    QColor tint = toneColor(m_tone);
    const QColor edge = tint;
    tint.setAlphaF(0.12F);
    QPainterPath shape;
    shape.addRoundedRect(area, radius, radius);
    painter.setClipPath(shape);
    painter.fillPath(shape, tint);
    if (m_tone == Tone::Hatched) {
        tint.setAlphaF(0.10F);
        painter.setPen(QPen(tint, 4 * unit));
        const double step = 16 * unit;
        for (double x = area.left() - area.height(); x < area.right() + area.height(); x += step)
            painter.drawLine(QPointF(x, area.bottom() + step), QPointF(x + area.height() + 2 * step, area.top() - step));
    }
    painter.fillRect(QRectF(area.left(), area.top(), 4 * unit, area.height()), edge);
}

} // namespace lethe
