#include "CompareMethodsDialog.h"

#include "../parts/Panel.h"
#include "../parts/Text.h"

#include <lethe/run/RunSession.h>

#include <widgets/Theme.h>

#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QDialogButtonBox>
#include <QtWidgets/QLabel>
#include <QtWidgets/QListWidget>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QSpinBox>

#include <algorithm>

namespace lethe {

namespace {

constexpr int kMostSeeds = 20;

} // namespace

CompareMethodsDialog::CompareMethodsDialog(const ExperimentSpec &base, const MethodCatalog &catalog, const RefusalSpec &refusals, QWidget *parent)
    : QDialog(parent), m_base(base), m_catalog(catalog), m_refusals(refusals), m_methods(new QListWidget(this)), m_seeds(new QSpinBox(this)), m_count(mutedLabel({}, true)), m_queue(nullptr)
{
    setObjectName(QStringLiteral("compareMethodsDialog"));
    setWindowTitle(tr("Compare methods"));
    auto *all = new QVBoxLayout(this);
    all->setSpacing(Theme::space(3));
    all->addWidget(mutedLabel(tr("The same model, rows and training settings for each. “%1” runs as it stands in the form, every other method with its default values. "
                                     "Where a method needs replacement answers and the rows bring none, they are drawn from your list of refusals.")
                                  .arg(toQt(std::string_view(base.method.id))), true));
    m_methods->setObjectName(QStringLiteral("compareMethodsList"));
    m_methods->setAccessibleName(tr("Methods to compare"));
    m_methods->setMinimumSize(fontMetrics().averageCharWidth() * 70, fontMetrics().height() * 18);
    m_methods->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff); // a reason that is too long has its tool tip
    m_methods->setTextElideMode(Qt::ElideRight);
    for (const MethodEntry &entry : catalog.entries()) {
        if (entry.error)
            continue;
        const std::string &id = entry.manifest.id;
        auto *item = new QListWidgetItem(QStringLiteral("%1  (%2)").arg(toQt(std::string_view(entry.manifest.name)), toQt(std::string_view(id))), m_methods);
        item->setData(Qt::UserRole, toQt(std::string_view(id)));
        item->setToolTip(toQt(std::string_view(entry.manifest.summary)));
        item->setFlags(Qt::ItemIsSelectable | Qt::ItemIsEnabled | Qt::ItemIsUserCheckable);
        item->setCheckState(id == base.method.id ? Qt::Checked : Qt::Unchecked);
        if (const auto problems = checkRun(specOf(id), catalog); !problems.empty()) {
            const QString why = toQt(std::string_view(problems.front().message()));
            item->setFlags(Qt::ItemIsSelectable);
            item->setCheckState(Qt::Unchecked);
            item->setForeground(Theme::muted());
            item->setText(tr("%1: %2").arg(toQt(std::string_view(id)), why));
            item->setToolTip(why);
        }
    }
    all->addWidget(m_methods, 1);
    auto *line = new QHBoxLayout;
    auto *label = new QLabel(tr("&Seeds each"), this);
    label->setBuddy(m_seeds);
    m_seeds->setObjectName(QStringLiteral("compareMethodsSeeds"));
    m_seeds->setRange(1, kMostSeeds);
    line->addWidget(label);
    line->addWidget(m_seeds);
    line->addWidget(m_count, 1);
    m_count->setObjectName(QStringLiteral("compareMethodsCount"));
    all->addLayout(line);
    auto *buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    m_queue = buttons->addButton(tr("Queue"), QDialogButtonBox::AcceptRole);
    m_queue->setObjectName(QStringLiteral("compareMethodsQueue"));
    m_queue->setProperty("primary", true);
    all->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(m_methods, &QListWidget::itemChanged, this, &CompareMethodsDialog::showCount);
    connect(m_seeds, &QSpinBox::valueChanged, this, &CompareMethodsDialog::showCount);
    showCount();
}

ExperimentSpec CompareMethodsDialog::specOf(const std::string &method) const
{
    ExperimentSpec spec = m_base;
    if (method != m_base.method.id)
        spec.method = {.id = method, .parameters = {}};
    if (const MethodManifest *manifest = m_catalog.find(method)) {
        const bool needs = std::ranges::find(manifest->needs, "alternate") != manifest->needs.end();
        if (!needs)
            spec.data.refusals.reset();
        else if (!spec.data.refusals && spec.data.forget && spec.data.forget->alternate.empty())
            spec.data.refusals = m_refusals;
    }
    return spec;
}

std::vector<ExperimentSpec> CompareMethodsDialog::specs() const
{
    std::vector<ExperimentSpec> all;
    const std::int64_t seeds = m_seeds->value();
    for (std::int64_t seed = 0; seed < seeds; ++seed)
        for (int row = 0; row < m_methods->count(); ++row) {
            const QListWidgetItem *item = m_methods->item(row);
            if (item->checkState() != Qt::Checked)
                continue;
            ExperimentSpec spec = specOf(toStd(item->data(Qt::UserRole).toString()));
            spec.training.seed = m_base.training.seed + seed;
            spec.name = m_base.name + " · " + spec.method.id;
            if (seeds > 1)
                spec.name += " · seed " + std::to_string(spec.training.seed);
            all.push_back(std::move(spec));
        }
    return all;
}

void CompareMethodsDialog::showCount()
{
    const auto runs = static_cast<int>(specs().size());
    m_queue->setEnabled(runs >= 2);
    m_count->setText(runs < 2 ? tr("Choose two methods, or more seeds than one.") : tr("%n run(s), one after the other.", nullptr, runs));
    m_queue->setText(runs < 2 ? tr("Queue") : tr("Queue %n run(s)", nullptr, runs));
}

} // namespace lethe
