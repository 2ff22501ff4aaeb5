#pragma once

#include <QtWidgets/QLayout>

namespace lethe {

/// Items side by side, wrapped into lines as wide as there is room.
class WrapLayout final : public QLayout
{
public:
    explicit WrapLayout(QWidget *parent = nullptr, int spacing = 6);
    ~WrapLayout() override;

    void addItem(QLayoutItem *item) override;
    int count() const override { return static_cast<int>(m_items.size()); }
    QLayoutItem *itemAt(int index) const override { return m_items.value(index); }
    QLayoutItem *takeAt(int index) override;
    Qt::Orientations expandingDirections() const override { return {}; }
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override { return place({0, 0, width, 0}, false); }
    QSize minimumSize() const override;
    QSize sizeHint() const override;
    void setGeometry(const QRect &rect) override;
    /// Puts a widget at a place among the others.
    void insertWidget(int index, QWidget *widget);

private:
    int place(const QRect &rect, bool apply) const;
    QList<QLayoutItem *> m_items;
};

} // namespace lethe
