#include "StageList.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QProgressBar>

#include <cmath>

namespace lethe {

StageList::StageList(QWidget *parent)
    : Card(parent)
{
    setObjectName(QStringLiteral("stageList"));
    setMinimumWidth(Theme::space(90));
    m_column = new QVBoxLayout(this);
    m_column->setContentsMargins(Theme::space(6), Theme::space(5), Theme::space(6), Theme::space(5));
    m_column->setSpacing(Theme::space(2));
    auto *title = new QLabel(tr("The run is starting"), this);
    Theme::setRole(title, TextRole::Heading);
    m_column->addWidget(title);
    m_column->addSpacing(Theme::space(1));
    m_bar = new QProgressBar(this);
    m_bar->setTextVisible(false);
    m_bar->setMaximumHeight(Theme::space(2));
    m_bar->setAccessibleName(tr("Progress of the stage"));
    m_column->addWidget(m_bar);
}

void StageList::clear()
{
    for (const Line &line : m_lines) {
        delete line.icon;
        delete line.name;
        delete line.count;
    }
    m_lines.clear();
    m_names.clear();
    m_bar->setRange(0, 0);
}

void StageList::mark(std::size_t line, bool done)
{
    const int size = Theme::space(4);
    m_lines[line].icon->setPixmap(done ? Theme::icon(QStringLiteral("check"), Theme::success).pixmap(size, size)
                                       : Theme::icon(QStringLiteral("chevron-right"), Theme::accent).pixmap(size, size));
    Theme::setRole(m_lines[line].name, done ? TextRole::Muted : TextRole::Body);
}

void StageList::show(const std::optional<StageRecord> &stage)
{
    if (!stage)
        return;
    const QString name = QString::fromStdString(stage->name);
    if (m_names.isEmpty() || m_names.last() != name) {
        if (!m_lines.empty()) {
            mark(m_lines.size() - 1, true);
            m_lines.back().count->clear();
        }
        m_names.append(name);
        auto *row = new QHBoxLayout;
        row->setSpacing(Theme::space(2));
        Line line{new QLabel(this), new QLabel(name, this), new QLabel(this)};
        Theme::setRole(line.count, TextRole::Muted);
        row->addWidget(line.icon);
        row->addWidget(line.name, 1);
        row->addWidget(line.count);
        m_column->insertLayout(m_column->count() - 1, row);
        m_lines.push_back(line);
        mark(m_lines.size() - 1, false);
    }
    if (stage->total > 0) {
        m_bar->setRange(0, 1000);
        m_bar->setValue(static_cast<int>(std::clamp(stage->done / stage->total, 0.0, 1.0) * 1000));
        const bool bytes = stage->unit == "bytes";
        const auto spelled = [bytes](double value) { return bytes ? format::bytes(std::llround(value)) : format::count(std::llround(value)); };
        m_lines.back().count->setText(QStringLiteral("%1 / %2%3")
                                          .arg(spelled(stage->done), spelled(stage->total),
                                               bytes || stage->unit.empty() ? QString() : QLatin1Char(' ') + QString::fromStdString(stage->unit)));
    } else {
        m_bar->setRange(0, 0);
        m_lines.back().count->clear();
    }
}

} // namespace lethe
