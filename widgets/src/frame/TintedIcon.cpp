#include "TintedIcon.h"

#include <QtCore/QFile>
#include <QtGui/QGuiApplication>
#include <QtGui/QPainter>
#include <QtGui/QPalette>
#include <QtSvg/QSvgRenderer>

namespace lethe {

namespace {

QByteArray readIcon(const QString &name)
{
    QFile file(QStringLiteral(":/lethe/icons/%1.svg").arg(name));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

/// Lays a colour over whatever another icon draws.
class Recolored final : public QIconEngine
{
public:
    Recolored(const QIcon &icon, QColor (*tint)()) : m_icon(icon), m_tint(tint) {}

    void paint(QPainter *painter, const QRect &rect, QIcon::Mode mode, QIcon::State state) override
    {
        painter->drawPixmap(rect, pixmap(rect.size() * painter->device()->devicePixelRatioF(), mode, state));
    }
    QPixmap pixmap(const QSize &size, QIcon::Mode mode, QIcon::State state) override
    {
        QPixmap drawn(size);
        drawn.fill(Qt::transparent);
        QPainter painter(&drawn);
        m_icon.paint(&painter, QRect(QPoint(0, 0), size), Qt::AlignCenter, mode, state);
        if (mode != QIcon::Disabled) {
            painter.setCompositionMode(QPainter::CompositionMode_SourceIn);
            painter.fillRect(drawn.rect(), m_tint());
        }
        return drawn;
    }
    QIconEngine *clone() const override { return new Recolored(*this); }

private:
    QIcon m_icon;
    QColor (*m_tint)();
};

} // namespace

QIcon recolored(const QIcon &icon, QColor (*tint)())
{
    return icon.isNull() ? icon : QIcon(new Recolored(icon, tint));
}

QByteArray tintedSvg(const QString &name, const QColor &color)
{
    QByteArray svg = readIcon(name);
    svg.replace("currentColor", color.name().toLatin1());
    return svg;
}

TintedIcon::TintedIcon(const QString &name, QColor (*tint)())
    : m_name(name), m_tint(tint), m_svg(readIcon(name))
{}

void TintedIcon::paint(QPainter *painter, const QRect &rect, QIcon::Mode mode, QIcon::State)
{
    const auto group = mode == QIcon::Disabled ? QPalette::Disabled : QPalette::Active;
    const QPalette palette = QGuiApplication::palette();
    const QColor color = m_tint != nullptr && mode != QIcon::Disabled ? m_tint() : palette.color(group, QPalette::WindowText);
    QByteArray svg = m_svg;
    svg.replace("currentColor", color.name().toLatin1());
    QSvgRenderer renderer(svg);
    renderer.setAspectRatioMode(Qt::KeepAspectRatio);
    renderer.render(painter, rect);
}

QPixmap TintedIcon::pixmap(const QSize &size, QIcon::Mode mode, QIcon::State state)
{
    QPixmap pixmap(size);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    paint(&painter, QRect(QPoint(0, 0), size), mode, state);
    return pixmap;
}

QIconEngine *TintedIcon::clone() const
{
    return new TintedIcon(*this);
}

} // namespace lethe
