#include "CompareCharts.h"

#include <lethe/eval/Metrics.h>

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <QtCore/QSettings>
#include <QtCore/QSignalBlocker>
#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QGridLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QScrollArea>

#include <algorithm>

namespace lethe {
namespace {

QString keyOf(CompareCharts::Kind kind)
{
    switch (kind) {
    case CompareCharts::Kind::Distributions: return QStringLiteral("distributions");
    case CompareCharts::Kind::Profile: return QStringLiteral("profile");
    case CompareCharts::Kind::Seeds: return QStringLiteral("seeds");
    case CompareCharts::Kind::Series: return QStringLiteral("series");
    }
    return {};
}

QStringList metricTitles(const QStringList &ids)
{
    QStringList titles;
    for (const QString &id : ids)
        titles.append(format::metricName(id));
    return titles;
}

} // namespace

CompareCharts::CompareCharts(Kind kind, ComparedSamples &samples, QSettings &settings, QWidget *parent)
    : QWidget(parent), m_kind(kind), m_samples(samples), m_settings(settings)
{
    setObjectName(QStringLiteral("compare_") + keyOf(kind));
    m_set = new QComboBox(this);
    m_set->setObjectName(keyOf(kind) + QStringLiteral("Set"));
    m_value = new QComboBox(this);
    m_value->setObjectName(keyOf(kind) + QStringLiteral("Value"));
    m_setLabel = new QLabel(tr("&Rows of"), this);
    m_setLabel->setBuddy(m_set);
    m_set->setAccessibleName(tr("Rows of"));
    m_valueLabel = new QLabel(kind == Kind::Distributions ? tr("&Value") : tr("&Metric"), this);
    m_valueLabel->setBuddy(m_value);
    m_value->setAccessibleName(kind == Kind::Distributions ? tr("Value of the rows") : tr("Metric"));
    for (QLabel *label : {m_setLabel, m_valueLabel})
        Theme::setRole(label, TextRole::Muted);
    const bool hasSet = kind == Kind::Distributions, hasValue = kind == Kind::Distributions || kind == Kind::Series;
    m_set->setVisible(hasSet);
    m_setLabel->setVisible(hasSet);
    m_value->setVisible(hasValue);
    m_valueLabel->setVisible(hasValue);
    auto *top = new QHBoxLayout;
    top->setSpacing(Theme::space(2));
    for (QWidget *widget : std::initializer_list<QWidget *>{m_setLabel, m_set, m_valueLabel, m_value})
        top->addWidget(widget);
    top->addStretch(1);
    auto *inside = new QWidget;
    inside->setAutoFillBackground(false);
    m_grid = new QGridLayout(inside);
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setSpacing(Theme::space(2));
    auto *scroll = new QScrollArea(this);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->viewport()->setAutoFillBackground(false);
    scroll->setWidget(inside);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, Theme::space(2), 0, 0);
    column->setSpacing(Theme::space(2));
    column->addLayout(top);
    column->addWidget(scroll, 1);
    for (QComboBox *box : {m_set, m_value})
        connect(box, &QComboBox::activated, this, [this, box] {
            m_settings.setValue(QStringLiteral("compare/") + box->objectName(), box->currentData());
            if (box == m_set)
                fillChoices();
            refresh();
        });
    if (kind == Kind::Distributions)
        connect(&samples, &ComparedSamples::changed, this, [this] {
            fillChoices();
            refresh();
        });
}

void CompareCharts::fill(QComboBox *box, const QString &key, const QStringList &ids, const QStringList &titles, const QStringList &preferred)
{
    const QSignalBlocker blocker(box);
    QString wanted = box->currentData().toString();
    if (wanted.isEmpty())
        wanted = m_settings.value(QStringLiteral("compare/") + key).toString();
    box->clear();
    for (qsizetype i = 0; i < ids.size(); ++i)
        box->addItem(titles[i], ids[i]);
    int at = wanted.isEmpty() ? -1 : box->findData(wanted);
    for (const QString &id : preferred)
        if (at < 0)
            at = box->findData(id);
    box->setCurrentIndex(std::max(at, 0));
}

void CompareCharts::fillChoices()
{
    if (m_kind == Kind::Distributions) {
        QStringList sets, titles;
        for (const RunSamples &run : m_samples.runs())
            for (const SampleRecord &sample : run.last)
                if (const QString set = QString::fromStdString(sample.set); !sets.contains(set)) {
                    sets.append(set);
                    titles.append(QString::fromStdString(setTitle(sample.set)));
                }
        fill(m_set, m_set->objectName(), sets, titles, {QStringLiteral("forget")});
        QStringList names = rowValueNames(m_samples.runs(), m_set->currentData().toString().toStdString()), valueTitles;
        for (const QString &name : std::as_const(names))
            valueTitles.append(rowValueTitle(name));
        fill(m_value, m_value->objectName(), names, valueTitles, {QStringLiteral("log_truth_ratio"), QStringLiteral("prob")});
    } else if (m_kind == Kind::Series) {
        const QStringList ids = seriesMetrics(m_runs, m_hidden);
        fill(m_value, m_value->objectName(), ids, metricTitles(ids), {QStringLiteral("knowmem_r"), QStringLiteral("model_utility"), QStringLiteral("retain_prob")});
    }
}

void CompareCharts::show(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden)
{
    m_runs.clear();
    for (const ComparedRun &run : runs) {
        ComparedRun light;
        light.row = run.row;
        light.look = run.look;
        light.specJson = run.specJson;
        light.facts = run.facts;
        light.evaluations = run.evaluations;
        m_runs.push_back(std::move(light));
    }
    m_hidden = hidden;
    fillChoices();
    refresh();
}

void CompareCharts::refresh()
{
    const QString value = m_value->currentData().toString();
    switch (m_kind) {
    case Kind::Distributions: {
        ChartContents chart;
        if (!value.isEmpty())
            chart = distributionChart(m_samples.runs(), m_set->currentData().toString().toStdString(), value);
        else
            chart.empty = m_samples.isLoading() ? tr("Reading rows…") : tr("No evaluation of whole sets in these runs stored rows.");
        place({std::move(chart)});
        break;
    }
    case Kind::Profile: place({profileChart(m_runs, m_hidden)}); break;
    case Kind::Seeds: {
        std::vector<ChartContents> charts;
        for (const QString &metric : seedMetrics(m_runs, m_hidden))
            charts.push_back(seedChart(m_runs, m_hidden, metric));
        if (charts.empty()) {
            charts.emplace_back();
            charts.back().empty = tr("These runs were not evaluated.");
        }
        place(std::move(charts));
        break;
    }
    case Kind::Series:
        place({seriesChart(m_runs, m_hidden, SeriesKind::Scalability, value), seriesChart(m_runs, m_hidden, SeriesKind::Sustainability, value)});
        break;
    }
}

void CompareCharts::place(std::vector<ChartContents> contents)
{
    while (m_charts.size() > contents.size()) {
        delete m_charts.back();
        m_charts.pop_back();
    }
    while (m_charts.size() < contents.size()) {
        auto *chart = new Chart(this);
        chart->setObjectName(QStringLiteral("%1Chart%2").arg(keyOf(m_kind)).arg(m_charts.size()));
        m_charts.push_back(chart);
    }
    const int columns = contents.size() > 4 ? 3 : contents.size() > 1 ? 2 : 1;
    for (std::size_t i = 0; i < contents.size(); ++i) {
        contents[i].legend = contents.size() < 3;
        m_grid->addWidget(m_charts[i], static_cast<int>(i) / columns, static_cast<int>(i) % columns);
        m_charts[i]->show(std::move(contents[i]));
    }
}

Chart *CompareCharts::front() const
{
    const auto focused = std::ranges::find_if(m_charts, [](const Chart *chart) { return chart->isAncestorOf(chart->focusWidget()) && !chart->isEmpty(); });
    if (focused != m_charts.end())
        return *focused;
    const auto first = std::ranges::find_if(m_charts, [](const Chart *chart) { return !chart->isEmpty(); });
    return first != m_charts.end() ? *first : nullptr;
}

} // namespace lethe
