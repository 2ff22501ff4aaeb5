#include "ModelDelegate.h"

#include "../frame/Tones.h"
#include "ModelList.h"

#include <widgets/Theme.h>

#include <QtGui/QIcon>
#include <QtGui/QPainter>

namespace lethe {

QSize ModelDelegate::sizeHint(const QStyleOptionViewItem &option, const QModelIndex &) const
{
    return {Theme::space(40), option.fontMetrics.lineSpacing() * 2 + Theme::space(4)};
}

void ModelDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const Tones &tones = Tones::current();
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const QRectF body = QRectF(option.rect).adjusted(2, 1, -2, -1);
    const double corner = Theme::space(3) / 2.0;
    if (option.state.testFlag(QStyle::State_Selected) || option.state.testFlag(QStyle::State_MouseOver)) {
        painter->setPen(Qt::NoPen);
        painter->setBrush(option.state.testFlag(QStyle::State_Selected) ? tones.selection : tones.hover);
        painter->drawRoundedRect(body, corner, corner);
    }
    const QRect rest = option.rect.adjusted(Theme::space(3), Theme::space(2), -Theme::space(3), -Theme::space(2));
    const QString state = index.data(ModelList::StateRole).toString();
    QFont small = option.font;
    small.setPointSizeF(small.pointSizeF() * 0.9);
    const QFontMetrics smallMetrics(small);
    const int side = Theme::space(4);
    const int stateWidth = smallMetrics.horizontalAdvance(state) + side + Theme::space(1);
    const int lineHeight = option.fontMetrics.lineSpacing();
    const QRect first(rest.left(), rest.top(), rest.width(), lineHeight);
    painter->setPen(tones.text);
    painter->setFont(option.font);
    painter->drawText(first, Qt::AlignVCenter | Qt::AlignLeft,
                      option.fontMetrics.elidedText(index.data().toString(), Qt::ElideMiddle, rest.width() - stateWidth - Theme::space(2)));
    painter->setFont(small);
    painter->setPen(tones.muted);
    painter->drawText(first, Qt::AlignVCenter | Qt::AlignRight, state);
    index.data(ModelList::StateIconRole).value<QIcon>().paint(painter, QRect(first.right() - stateWidth, first.center().y() - side / 2, side, side));
    const QRect second(rest.left(), rest.top() + lineHeight, rest.width(), lineHeight);
    painter->drawText(second, Qt::AlignVCenter | Qt::AlignLeft,
                      smallMetrics.elidedText(index.data(ModelList::LineRole).toString(), Qt::ElideRight, rest.width()));
    painter->restore();
}

} // namespace lethe
