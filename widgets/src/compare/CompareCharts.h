#pragma once

#include "RunCharts.h"

#include <QtWidgets/QWidget>

class QComboBox;
class QGridLayout;
class QLabel;
class QSettings;

namespace lethe {

/// One of the pictures of Compare that are made of whole runs: what it shows is chosen above it.
class CompareCharts : public QWidget
{
    Q_OBJECT

public:
    enum class Kind { Distributions, Profile, Seeds, Series };

    CompareCharts(Kind kind, ComparedSamples &samples, QSettings &settings, QWidget *parent = nullptr);

    Kind kind() const { return m_kind; }
    void show(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden);
    /// The one with the focus, else the first that shows something; null where none does.
    Chart *front() const;
    const std::vector<Chart *> &charts() const { return m_charts; }

private:
    void fillChoices();
    void fill(QComboBox *box, const QString &key, const QStringList &ids, const QStringList &titles, const QStringList &preferred);
    void refresh();
    void place(std::vector<ChartContents> contents);

    const Kind m_kind;
    ComparedSamples &m_samples;
    QSettings &m_settings;
    std::vector<ComparedRun> m_runs; ///< evaluations and specs; no steps
    QSet<RunId> m_hidden;
    QComboBox *m_set;
    QComboBox *m_value;
    QLabel *m_setLabel;
    QLabel *m_valueLabel;
    QGridLayout *m_grid;
    std::vector<Chart *> m_charts;
};

} // namespace lethe
