#include "RunDelegate.h"

#include "RunTableModel.h"

#include <widgets/Theme.h>

#include <QtGui/QPainter>
#include <QtGui/QPolygonF>

#include <algorithm>

namespace lethe {

void RunDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    QStyledItemDelegate::paint(painter, option, index);
    const auto loss = index.data(RunTableModel::kCurveRole).value<QList<double>>();
    const QVariant share = index.data(RunTableModel::kShareRole);
    if (loss.size() < 2 && !share.isValid())
        return;
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const double unit = Theme::space(1) / 4.0;
    if (share.isValid()) {
        const QRectF line(option.rect.left() + Theme::space(2), option.rect.bottom() - 4 * unit, option.rect.width() - Theme::space(4), 2 * unit);
        painter->fillRect(line, Theme::border());
        painter->fillRect(QRectF(line.topLeft(), QSizeF(line.width() * std::clamp(share.toDouble(), 0.0, 1.0), line.height())), Theme::accent());
    } else {
        const QRectF area = QRectF(option.rect).adjusted(Theme::space(2), Theme::space(2), -Theme::space(2), -Theme::space(2));
        const auto [low, high] = std::minmax_element(loss.begin(), loss.end());
        const double height = *high - *low;
        QPolygonF line;
        for (qsizetype i = 0; i < loss.size(); ++i)
            line.append({area.left() + area.width() * static_cast<double>(i) / static_cast<double>(loss.size() - 1),
                         height > 0 ? area.bottom() - area.height() * (loss[i] - *low) / height : area.center().y()});
        painter->setPen(QPen(index.data(RunTableModel::kColorRole).value<QColor>(), 1.4 * unit));
        painter->drawPolyline(line);
    }
    painter->restore();
}

void RunDelegate::initStyleOption(QStyleOptionViewItem *option, const QModelIndex &index) const
{
    QStyledItemDelegate::initStyleOption(option, index);
    const auto color = index.data(Qt::DecorationRole).value<QColor>();
    if (!color.isValid())
        return;
    // a style tints icons of selected rows, and then a run would have another colour than in its curves
    QPixmap swatch(option->decorationSize);
    swatch.fill(color);
    option->icon = QIcon(swatch);
    option->icon.addPixmap(swatch, QIcon::Selected);
}

} // namespace lethe
