#include "RunDelegate.h"

#include "RunFilterModel.h"
#include "RunTableModel.h"

#include <widgets/Theme.h>

#include <QtGui/QMouseEvent>
#include <QtGui/QPainter>
#include <QtGui/QPolygonF>

#include <algorithm>

namespace lethe {

namespace {

/// Width of one generation.
int generation()
{
    return Theme::space(5);
}

/// The branches before a name: an elbow from the run above, and a sign where runs hang on this one.
QPixmap branches(int depth, RunFilterModel::Branch branch, int height, double ratio)
{
    const int step = generation();
    QPixmap picture(QSize((depth + 1) * step, height) * ratio);
    picture.setDevicePixelRatio(ratio);
    picture.fill(Qt::transparent);
    QPainter painter(&picture);
    painter.setRenderHint(QPainter::Antialiasing);
    const double unit = Theme::space(1) / 4.0, middle = height / 2.0, left = depth * step;
    if (depth > 0) {
        painter.setPen(QPen(Theme::muted(), 1.2 * unit));
        painter.drawPolyline(QPolygonF{{left - step / 2.0, 0.0}, {left - step / 2.0, middle}, {left + (branch == RunFilterModel::Leaf ? step * 0.7 : step * 0.15), middle}});
    }
    if (branch != RunFilterModel::Leaf) {
        painter.setPen(QPen(Theme::muted(), 1.8 * unit, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        const double x = left + step / 2.0, size = step * 0.2;
        painter.drawPolyline(branch == RunFilterModel::Open ? QPolygonF{{x - size, middle - size / 2}, {x, middle + size / 2}, {x + size, middle - size / 2}}
                                                           : QPolygonF{{x - size / 2, middle - size}, {x + size / 2, middle}, {x - size / 2, middle + size}});
    }
    return picture;
}

} // namespace

bool RunDelegate::editorEvent(QEvent *event, QAbstractItemModel *model, const QStyleOptionViewItem &option, const QModelIndex &index)
{
    auto *tree = qobject_cast<RunFilterModel *>(model);
    const int branch = index.data(RunFilterModel::kBranchRole).toInt();
    if (event->type() == QEvent::MouseButtonRelease && tree != nullptr && branch != RunFilterModel::Leaf) {
        const int left = option.rect.left() + index.data(RunFilterModel::kDepthRole).toInt() * generation();
        const double x = static_cast<QMouseEvent *>(event)->position().x();
        if (x >= left && x < left + 1.5 * generation()) {
            tree->setFolded(index, branch == RunFilterModel::Open);
            return true;
        }
    }
    return QStyledItemDelegate::editorEvent(event, model, option, index);
}

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
    if (const QVariant depth = index.data(RunFilterModel::kDepthRole); depth.isValid()) {
        const double ratio = option->widget != nullptr ? option->widget->devicePixelRatioF() : 1.0;
        const QPixmap picture = branches(depth.toInt(), RunFilterModel::Branch(index.data(RunFilterModel::kBranchRole).toInt()), option->rect.height(), ratio);
        option->features |= QStyleOptionViewItem::HasDecoration;
        option->decorationSize = picture.size() / ratio;
        option->icon = QIcon(picture);
        option->icon.addPixmap(picture, QIcon::Selected);
        return;
    }
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
