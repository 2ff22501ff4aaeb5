#include "MethodPicker.h"

#include "../parts/Panel.h"
#include "../parts/Text.h"
#include "FieldEditor.h"
#include "FormulaText.h"
#include "JsonPath.h"

#include <widgets/Theme.h>

#include <QtCore/QRegularExpression>
#include <QtGui/QPainter>
#include <QtWidgets/QApplication>
#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QListView>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QScrollArea>
#include <QtWidgets/QStyleOptionButton>
#include <QtWidgets/QStyledItemDelegate>

#include <algorithm>

namespace lethe {

namespace {

/// Two lines an entry: the name with its id, and the summary (or why it cannot be used).
class MethodDelegate final : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &) const override
    {
        return {option.fontMetrics.averageCharWidth() * 20, option.fontMetrics.height() * 2 + Theme::space(3)};
    }

    void paint(QPainter *painter, const QStyleOptionViewItem &given, const QModelIndex &index) const override
    {
        QStyleOptionViewItem option = given;
        initStyleOption(&option, index);
        option.text.clear();
        const QStyle *style = option.widget ? option.widget->style() : QApplication::style();
        style->drawControl(QStyle::CE_ItemViewItem, &option, painter, option.widget);
        const QString problem = index.data(MethodListModel::ProblemRole).toString();
        const QRect area = option.rect.adjusted(Theme::space(2), Theme::space(1), -Theme::space(2), -Theme::space(1));
        painter->save();
        QFont bold = option.font;
        bold.setWeight(QFont::DemiBold);
        const QFontMetrics boldMetrics(bold);
        const QString id = index.data(MethodListModel::IdRole).toString();
        const QRect top(area.left(), area.top(), area.width(), area.height() / 2);
        const int idWidth = option.fontMetrics.horizontalAdvance(id) + Theme::space(2);
        const QString name = boldMetrics.elidedText(index.data(Qt::DisplayRole).toString(), Qt::ElideRight, std::max(0, top.width() - idWidth));
        painter->setFont(bold);
        painter->setPen(problem.isEmpty() ? option.palette.color(QPalette::Text) : Theme::muted());
        painter->drawText(top, Qt::AlignLeft | Qt::AlignVCenter, name);
        painter->setFont(option.font);
        painter->setPen(Theme::muted());
        painter->drawText(top, Qt::AlignRight | Qt::AlignVCenter, id);
        const QRect below(area.left(), area.center().y(), area.width(), area.height() / 2);
        painter->setPen(problem.isEmpty() ? Theme::muted() : Theme::error());
        const QString line = problem.isEmpty() ? index.data(MethodListModel::SummaryRole).toString() : problem;
        painter->drawText(below, Qt::AlignLeft | Qt::AlignVCenter, option.fontMetrics.elidedText(line, Qt::ElideRight, below.width()));
        painter->restore();
    }
};

/// As wide as the card, its text on as many lines as that takes.
class PresetButton final : public QPushButton
{
public:
    PresetButton(const QString &text, QWidget *parent) : QPushButton(text, parent), m_whole(text)
    {
        setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
        setAccessibleName(text);
    }

protected:
    void resizeEvent(QResizeEvent *event) override
    {
        QPushButton::resizeEvent(event);
        QStyleOptionButton option;
        initStyleOption(&option);
        const int room = style()->subElementRect(QStyle::SE_PushButtonContents, &option, this).width();
        QStringList lines;
        for (const QString &word : m_whole.split(u' ')) {
            const QString longer = lines.isEmpty() ? word : lines.back() + u' ' + word;
            if (lines.isEmpty() || fontMetrics().horizontalAdvance(longer) > room)
                lines << word;
            else
                lines.back() = longer;
        }
        setText(lines.join(u'\n'));
    }

private:
    QString m_whole;
};

QString needWord(const std::string &need)
{
    if (need == "forget")
        return MethodPicker::tr("forget set");
    if (need == "retain")
        return MethodPicker::tr("retain set");
    if (need.starts_with("reference"))
        return MethodPicker::tr("reference model");
    if (need == "alternate")
        return MethodPicker::tr("replacement answers");
    return toQt(std::string_view(need)).replace(u'_', u' ');
}

} // namespace

void MethodListModel::setEntries(const std::vector<MethodEntry> &entries)
{
    beginResetModel();
    m_entries = entries;
    endResetModel();
}

const MethodEntry *MethodListModel::entry(int row) const
{
    return row >= 0 && row < rowCount() ? &m_entries[static_cast<std::size_t>(row)] : nullptr;
}

int MethodListModel::rowOf(const QString &id) const
{
    for (int row = 0; row < rowCount(); ++row)
        if (!m_entries[static_cast<std::size_t>(row)].error && toQt(std::string_view(m_entries[static_cast<std::size_t>(row)].manifest.id)) == id)
            return row;
    return -1;
}

int MethodListModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_entries.size());
}

QVariant MethodListModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const MethodEntry &entry = m_entries[static_cast<std::size_t>(index.row())];
    const QString file = toQt(std::string_view(entry.file.filename().native()));
    switch (role) {
    case Qt::DisplayRole: return entry.manifest.name.empty() ? file : toQt(std::string_view(entry.manifest.name));
    case IdRole: return toQt(std::string_view(entry.manifest.id));
    case SummaryRole: return toQt(std::string_view(entry.manifest.summary));
    case ProblemRole: return entry.error ? tr("not usable: %1").arg(toQt(std::string_view(entry.error->message()))) : QString();
    case Qt::ToolTipRole: return entry.error ? data(index, ProblemRole) : data(index, SummaryRole);
    case Qt::AccessibleTextRole: return data(index, Qt::DisplayRole).toString() + QStringLiteral(", ") + data(index, entry.error ? int(ProblemRole) : int(SummaryRole)).toString();
    default: return {};
    }
}

Qt::ItemFlags MethodListModel::flags(const QModelIndex &index) const
{
    return index.isValid() ? Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemNeverHasChildren : Qt::NoItemFlags;
}

MethodPicker::MethodPicker(QWidget *parent)
    : QWidget(parent), m_model(new MethodListModel(this)), m_list(new QListView(this)), m_summary(new QLabel(this)), m_needs(new QLabel(this)),
      m_formula(new QLabel(this)), m_paper(new QLabel(this)), m_problem(new QLabel(this))
{
    auto *outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    auto *panel = new Panel(tr("Method"), this);
    outer->addWidget(panel);
    m_list->setObjectName(QStringLiteral("methodList"));
    m_list->setAccessibleName(tr("Methods"));
    m_list->setModel(m_model);
    m_list->setItemDelegate(new MethodDelegate(m_list));
    m_list->setUniformItemSizes(true);
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    panel->body()->addWidget(m_list, 3);

    auto *details = new QWidget(panel);
    details->setObjectName(QStringLiteral("pageContent"));
    auto *layout = new QVBoxLayout(details);
    layout->setContentsMargins(0, 0, Theme::space(1), 0);
    layout->setSpacing(Theme::space(2));
    for (QLabel *label : {m_problem, m_summary, m_needs, m_formula, m_paper}) {
        label->setWordWrap(true);
        label->setTextInteractionFlags(Qt::TextBrowserInteraction);
        layout->addWidget(label);
    }
    m_presets = new QWidget(details);
    m_presets->setObjectName(QStringLiteral("methodPresets"));
    auto *presets = new QVBoxLayout(m_presets);
    presets->setContentsMargins(0, 0, 0, 0);
    presets->setSpacing(Theme::space(1));
    layout->insertWidget(layout->indexOf(m_formula) + 1, m_presets);
    layout->addStretch();
    Theme::setRole(m_problem, TextRole::Error);
    Theme::setRole(m_needs, TextRole::Muted);
    Theme::setRole(m_paper, TextRole::Caption);
    QFont formulaFont(QStringLiteral("serif"));
    formulaFont.setStyleHint(QFont::Serif);
    formulaFont.setPointSizeF(font().pointSizeF() * 1.15);
    m_formula->setFont(formulaFont);
    m_formula->setTextFormat(Qt::RichText);
    m_formula->setObjectName(QStringLiteral("methodFormula"));
    m_summary->setObjectName(QStringLiteral("methodSummary"));
    m_needs->setObjectName(QStringLiteral("methodNeeds"));
    m_paper->setObjectName(QStringLiteral("methodPaper"));
    m_problem->setObjectName(QStringLiteral("methodProblem"));
    m_paper->setOpenExternalLinks(true);
    auto *scroll = new QScrollArea(panel);
    scroll->setWidgetResizable(true);
    scroll->setWidget(details); // a formula that is wider scrolls: a formula cannot be cut
    scroll->setFocusPolicy(Qt::NoFocus);
    panel->body()->addWidget(scroll, 2);
    connect(m_list->selectionModel(), &QItemSelectionModel::currentChanged, this, [this](const QModelIndex &current) {
        showDetails(current.row());
        const MethodEntry *entry = m_model->entry(current.row());
        if (!m_setting && entry && !entry->error)
            Q_EMIT methodPicked(toQt(std::string_view(entry->manifest.id)));
    });
}

void MethodPicker::setEntries(const std::vector<MethodEntry> &entries)
{
    m_setting = true;
    m_model->setEntries(entries);
    m_setting = false;
    showDetails(-1);
}

void MethodPicker::setChosen(const QString &id)
{
    m_setting = true;
    const int row = m_model->rowOf(id);
    if (row >= 0)
        m_list->setCurrentIndex(m_model->index(row, 0));
    else
        m_list->selectionModel()->clear();
    m_setting = false;
    showDetails(row);
}

void MethodPicker::showDetails(int row)
{
    const MethodEntry *entry = m_model->entry(row);
    m_problem->setVisible(entry && entry->error);
    m_problem->setText(entry && entry->error ? tr("This plugin cannot be used. %1").arg(toQt(std::string_view(entry->error->message()))) : QString());
    if (!entry) {
        m_summary->setText(m_model->rowCount() == 0 ? tr("No method plugin was found. Settings → Plugins names the folders.") : tr("Choose a method."));
        for (QWidget *part : {static_cast<QWidget *>(m_needs), static_cast<QWidget *>(m_formula), static_cast<QWidget *>(m_paper), m_presets})
            part->hide();
        return;
    }
    const MethodManifest &manifest = entry->manifest;
    m_summary->setText(toQt(std::string_view(manifest.summary)));
    QStringList needs;
    for (const std::string &need : manifest.needs)
        needs << needWord(need);
    const bool withoutRetain = manifest.anchor != "all" && std::find(manifest.needs.begin(), manifest.needs.end(), "retain") == manifest.needs.end();
    m_needs->setText(tr("Needs: %1").arg(needs.join(QStringLiteral(", "))) + (withoutRetain ? tr("; no retain set") : QString()));
    m_needs->setVisible(!needs.isEmpty());
    m_formula->setText(formulaHtml(toQt(std::string_view(manifest.formula))));
    m_formula->setAccessibleName(toQt(std::string_view(manifest.formula))); // as it is read aloud
    showPresets(manifest);
    m_formula->setVisible(!manifest.formula.empty());
    QString paper = toQt(std::string_view(manifest.paper)).toHtmlEscaped();
    static const QRegularExpression kArxiv(QStringLiteral(R"(arXiv[: ]\s*(\d{4}\.\d{4,5}))"));
    if (const auto match = kArxiv.match(paper); match.hasMatch())
        paper.replace(match.capturedStart(), match.capturedLength(),
                      QStringLiteral("<a href=\"https://arxiv.org/abs/%1\">arXiv %1 ↗</a>").arg(match.captured(1)));
    m_paper->setText(paper);
    m_paper->setVisible(!paper.isEmpty());
}

void MethodPicker::showPresets(const MethodManifest &manifest)
{
    qDeleteAll(m_presets->findChildren<QWidget *>(QString(), Qt::FindDirectChildrenOnly));
    m_presets->setVisible(!manifest.presets.empty());
    if (manifest.presets.empty())
        return;
    auto *title = captionLabel(tr("Published values"));
    m_presets->layout()->addWidget(title);
    for (std::size_t i = 0; i < manifest.presets.size(); ++i) {
        const MethodPreset &preset = manifest.presets[i];
        QStringList values;
        for (const auto &[name, value] : preset.values)
            values << QStringLiteral("%1 %2").arg(toQt(std::string_view(name)).replace(u'_', u' '), jsonText(toJsonValue(value)));
        for (const auto &[name, value] : preset.training)
            values << QStringLiteral("%1 %2").arg(toQt(std::string_view(name)).replace(u'_', u' '), jsonText(toJsonValue(value)));
        auto *button = new PresetButton(toQt(std::string_view(preset.label)), m_presets);
        button->setObjectName(QStringLiteral("methodPreset%1").arg(i));
        button->setToolTip(tr("Set %1").arg(values.join(QStringLiteral(", "))));
        button->setAccessibleDescription(button->toolTip());
        connect(button, &QPushButton::clicked, this, [this, i] { Q_EMIT presetPicked(i); });
        m_presets->layout()->addWidget(button);
    }
}

} // namespace lethe
