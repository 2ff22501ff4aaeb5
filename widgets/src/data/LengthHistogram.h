#pragma once

#include <QtWidgets/QWidget>

#include <cstdint>
#include <vector>

namespace lethe {

/// How long the rows are in tokens: one bar a stretch of lengths, and a line where rows are cut.
class LengthHistogram final : public QWidget
{
    Q_OBJECT

public:
    explicit LengthHistogram(QWidget *parent = nullptr);

    void setLengths(const std::vector<std::int64_t> &forget, const std::vector<std::int64_t> &retain, std::int64_t cutAt);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    std::vector<int> m_forget, m_retain; ///< rows a bar
    std::int64_t m_longest = 0;
    std::int64_t m_cutAt = 0;
};

} // namespace lethe
