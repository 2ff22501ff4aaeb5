#pragma once

#include <QtWidgets/QLabel>

namespace lethe {

/// One line of plain text that gives way: what does not fit ends in `…`, and the whole is in the tool tip.
class ElidedLabel final : public QLabel
{
    Q_OBJECT

public:
    explicit ElidedLabel(const QString &text = {}, QWidget *parent = nullptr);
    /// Whether all of the text is shown now.
    bool isWhole() const;

    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;
    bool event(QEvent *event) override;
};

} // namespace lethe
