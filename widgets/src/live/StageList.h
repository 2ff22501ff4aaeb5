#pragma once

#include "plots/Card.h"

#include <lethe/run/Records.h>

#include <QtCore/QStringList>

#include <optional>

class QLabel;
class QProgressBar;
class QVBoxLayout;

namespace lethe {

/// What happens before the first step, stage by stage: done ones ticked, the one in hand with its bar and counts.
class StageList : public Card
{
    Q_OBJECT

public:
    explicit StageList(QWidget *parent = nullptr);
    void clear();
    void show(const std::optional<StageRecord> &stage);
    QStringList stages() const { return m_names; }

private:
    struct Line {
        QLabel *icon;
        QLabel *name;
        QLabel *count;
    };
    void mark(std::size_t line, bool done);

    QVBoxLayout *m_column;
    QProgressBar *m_bar;
    QStringList m_names;
    std::vector<Line> m_lines;
};

} // namespace lethe
