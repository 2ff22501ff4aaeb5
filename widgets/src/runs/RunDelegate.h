#pragma once

#include <QtWidgets/QStyledItemDelegate>

namespace lethe {

/// Draws what is not text in a table of runs: the course of the loss, and how much of a run is done.
class RunDelegate final : public QStyledItemDelegate
{
    Q_OBJECT

public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;

protected:
    void initStyleOption(QStyleOptionViewItem *option, const QModelIndex &index) const override;
};

} // namespace lethe
