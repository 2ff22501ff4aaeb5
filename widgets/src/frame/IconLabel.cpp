#include "IconLabel.h"

#include <widgets/Theme.h>

#include <QtGui/QPainter>

namespace lethe {

IconLabel::IconLabel(const QIcon &icon, int steps, QWidget *parent, const QString &what)
    : QWidget(parent), m_icon(icon), m_steps(steps)
{
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setAttribute(Qt::WA_TransparentForMouseEvents);
    setAccessibleName(what);
}

void IconLabel::setIcon(const QIcon &icon)
{
    m_icon = icon;
    update();
}

QSize IconLabel::sizeHint() const
{
    return {Theme::space(m_steps), Theme::space(m_steps)};
}

void IconLabel::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    m_icon.paint(&painter, rect());
}

} // namespace lethe
