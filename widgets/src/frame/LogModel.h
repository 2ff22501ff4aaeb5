#pragma once

#include <lethe/base/Log.h>

#include <QtCore/QAbstractTableModel>
#include <QtCore/QSortFilterProxyModel>
#include <QtCore/QTimer>

#include <deque>
#include <mutex>
#include <vector>

namespace lethe {

/// The program's log as it goes. Lines arrive on any thread and are shown at most five times a second; the same line again
/// folds into a count.
class LogModel final : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum class Column { Time, Level, Source, Text, Count };
    static constexpr int kLevelRole = Qt::UserRole;

    explicit LogModel(QObject *parent = nullptr);
    ~LogModel() override;

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    void clear();
    QString lineText(int row) const;

private:
    struct Shown {
        LogLine line;
        int repeats = 1;
    };
    void take();

    std::deque<Shown> m_lines;
    int m_listener = 0;
    QTimer m_timer;
    std::mutex m_mutex; ///< guards m_arrived
    std::vector<LogLine> m_arrived;
};

/// Lines of a level and above, that hold a text.
class LogFilter final : public QSortFilterProxyModel
{
    Q_OBJECT

public:
    using QSortFilterProxyModel::QSortFilterProxyModel;
    void setLevel(LogLevel level);
    void setText(const QString &text);

protected:
    bool filterAcceptsRow(int row, const QModelIndex &parent) const override;

private:
    LogLevel m_level = LogLevel::Info;
    QString m_text;
};

} // namespace lethe
