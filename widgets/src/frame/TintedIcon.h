#pragma once

#include <QtGui/QColor>
#include <QtGui/QIcon>
#include <QtGui/QIconEngine>

#include <memory>

class QSvgRenderer;

namespace lethe {

/// Draws one of our stroke icons in the palette's text colour, or in a colour of the theme, at the moment of drawing: so it
/// follows a change of theme and is sharp on every screen.
class TintedIcon final : public QIconEngine
{
public:
    /// \p tint may be null: the palette's text colour.
    TintedIcon(const QString &name, QColor (*tint)());

    void paint(QPainter *painter, const QRect &rect, QIcon::Mode mode, QIcon::State state) override;
    QPixmap pixmap(const QSize &size, QIcon::Mode mode, QIcon::State state) override;
    QIconEngine *clone() const override;
    QString key() const override { return QStringLiteral("LetheTintedIcon"); }
    bool isNull() override { return m_svg.isEmpty(); }

private:
    QString m_name;
    QColor (*m_tint)();
    QByteArray m_svg;
};

/// \p icon in one colour of the theme: for buttons whose ground is a colour itself.
QIcon recolored(const QIcon &icon, QColor (*tint)());

/// The icon's SVG with `currentColor` replaced; empty where there is no such icon.
QByteArray tintedSvg(const QString &name, const QColor &color);

} // namespace lethe
