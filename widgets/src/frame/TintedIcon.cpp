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

} // namespace

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
