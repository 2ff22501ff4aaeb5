#pragma once

#include <QtGui/QIcon>
#include <QtWidgets/QWidget>

namespace lethe {

/// An icon of the theme, drawn when it is seen, so that it follows light and dark.
class IconLabel final : public QWidget
{
    Q_OBJECT

public:
    /// \p steps: its side, in steps of the rhythm. \p what: its accessible name, where it says more than the text beside it.
    IconLabel(const QIcon &icon, int steps, QWidget *parent = nullptr, const QString &what = {});
    void setIcon(const QIcon &icon);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QIcon m_icon;
    int m_steps;
};

} // namespace lethe
