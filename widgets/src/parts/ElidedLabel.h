#pragma once

#include <QtWidgets/QLabel>

namespace lethe {

/// One line of plain text that gives way: `…` stands for what does not fit, at the end unless told, and the whole is in the tool tip.
class ElidedLabel final : public QLabel
{
    Q_OBJECT

public:
    explicit ElidedLabel(const QString &text = {}, QWidget *parent = nullptr);
    /// Whether all of the text is shown now.
    bool isWhole() const;
    void setElideMode(Qt::TextElideMode mode) { m_mode = mode; }

    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;
    bool event(QEvent *event) override;

private:
    Qt::TextElideMode m_mode = Qt::ElideRight;
};

} // namespace lethe
