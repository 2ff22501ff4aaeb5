#pragma once

#include <QtWidgets/QStyledItemDelegate>

namespace lethe {

/// A model in the list: name and state in the first line, what it is in the second.
class ModelDelegate final : public QStyledItemDelegate
{
    Q_OBJECT

public:
    using QStyledItemDelegate::QStyledItemDelegate;
    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
};

} // namespace lethe
