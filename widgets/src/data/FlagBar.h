#pragma once

#include "Sample.h"

#include <QtWidgets/QWidget>

#include <array>

class QLabel;
class QPushButton;

namespace lethe {

struct SetCounts;

/// The flags of both sets in one line: each is a button that filters, with a button beside it that puts things right.
class FlagBar final : public QWidget
{
    Q_OBJECT

public:
    explicit FlagBar(QWidget *parent = nullptr);
    void setCounts(const SetCounts &forget, const SetCounts &retain, std::int64_t longestRow, std::int64_t contextLength);
    /// \p compared below 0: not known yet.
    void setRowsCompared(std::int64_t compared, std::int64_t rows);

Q_SIGNALS:
    void filterRequested(lethe::SampleFlag flag);
    void fixRequested(lethe::SampleFlag flag);

private:
    struct Entry {
        QPushButton *filter = nullptr;
        QPushButton *fix = nullptr;
    };
    std::array<Entry, std::size(kSampleFlags)> m_entries;
    QLabel *m_none;
    QLabel *m_compared;
};

} // namespace lethe
