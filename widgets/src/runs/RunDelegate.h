#pragma once

#include <QtWidgets/QStyledItemDelegate>

namespace lethe {

/// Draws what is not text in a table of runs: the course of the loss, how much of a run is done, and the branches of the lineage.
class RunDelegate final : public QStyledItemDelegate
{
    Q_OBJECT

public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;

protected:
    /// A click on the sign before a name folds or unfolds what began from that run.
    bool editorEvent(QEvent *event, QAbstractItemModel *model, const QStyleOptionViewItem &option, const QModelIndex &index) override;
    void initStyleOption(QStyleOptionViewItem *option, const QModelIndex &index) const override;
};

} // namespace lethe
