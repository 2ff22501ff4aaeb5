#include "ForecastPanel.h"

#include "../parts/Panel.h"
#include "../parts/Text.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <QtGui/QPainter>
#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QGridLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QPushButton>

namespace lethe {

/// How much of the free memory the run takes: by part, on one bar.
class ForecastBar final : public QWidget
{
public:
    explicit ForecastBar(QWidget *parent) : QWidget(parent)
    {
        setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
        setFixedHeight(Theme::space(2));
    }
    void setShare(double share)
    {
        m_share = share;
        setVisible(share >= 0);
        update();
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(Theme::border());
        const double radius = height() / 2.0;
        painter.drawRoundedRect(rect(), radius, radius);
        painter.setBrush(m_share > 1 ? Theme::error() : m_share > 0.85 ? Theme::warning() : Theme::accent());
        const double wide = std::max<double>(height(), width() * std::min(1.0, m_share));
        painter.drawRoundedRect(QRectF(0, 0, wide, height()), radius, radius);
    }

private:
    double m_share = -1;
};

ForecastPanel::ForecastPanel(QWidget *parent) : QWidget(parent), m_grid(new QGridLayout), m_advice(new QLabel(this)), m_buttonRows(new QVBoxLayout), m_bar(new ForecastBar(this))
{
    auto *outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    auto *panel = new Panel(tr("What will happen"), this);
    outer->addWidget(panel);
    m_grid->setHorizontalSpacing(Theme::space(3));
    m_grid->setVerticalSpacing(Theme::space(2));
    m_grid->setColumnStretch(1, 1);
    panel->body()->addLayout(m_grid);
    addLine(QStringLiteral("steps"), tr("steps"));
    addLine(QStringLiteral("batch"), tr("a step"));
    addLine(QStringLiteral("rows"), tr("rows"));
    addLine(QStringLiteral("tokens"), tr("tokens"));
    addLine(QStringLiteral("cut"), tr("cut"));
    addLine(QStringLiteral("evaluations"), tr("evaluations"));
    addLine(QStringLiteral("checkpoints"), tr("checkpoints"));
    addLine(QStringLiteral("disk"), tr("disk"));
    addLine(QStringLiteral("memory"), tr("memory"));
    m_grid->addWidget(m_bar, m_grid->rowCount(), 0, 1, 2);
    addLine(QStringLiteral("time"), tr("time"));
    m_advice->setObjectName(QStringLiteral("forecastAdvice"));
    m_advice->setWordWrap(true);
    Theme::setRole(m_advice, TextRole::Warning);
    panel->body()->addWidget(m_advice);
    m_buttonRows->setSpacing(Theme::space(1));
    panel->body()->addLayout(m_buttonRows);
    panel->body()->addStretch();
}

QLabel *ForecastPanel::addLine(const QString &key, const QString &title)
{
    const int row = m_grid->rowCount();
    auto *value = new QLabel(QStringLiteral("–"), this);
    value->setObjectName(QStringLiteral("forecast_") + key);
    value->setWordWrap(true);
    value->setTextInteractionFlags(Qt::TextSelectableByMouse);
    value->setAccessibleName(title);
    m_grid->addWidget(mutedLabel(title), row, 0, Qt::AlignTop);
    m_grid->addWidget(value, row, 1, Qt::AlignTop);
    m_values.insert(key, value);
    return value;
}

void ForecastPanel::set(const QString &key, const QString &value, const QString &tip, const QString &role)
{
    QLabel *label = m_values.value(key);
    label->setText(value);
    label->setToolTip(tip);
    Theme::mark(label, "role", role);
}

/// What each change saves is estimated with the same sum; one that saves nothing is none.
std::vector<ForecastPanel::Proposal> ForecastPanel::proposals(const ForecastInput &input)
{
    const TrainingSpec &training = input.spec.training;
    const std::int64_t total = memoryOf(input, training).total();
    std::vector<Proposal> found;
    const auto add = [&](const TrainingSpec &changed, const QString &what) {
        if (const std::int64_t saved = total - memoryOf(input, changed).total(); saved > 0)
            found.push_back({tr("%1 – saves %2").arg(what, format::bytes(saved)), changed});
    };
    if (training.batchSize > 1) { // as many rows a step as before
        const std::int64_t parts = training.batchSize % 2 == 0 ? 2 : training.batchSize;
        TrainingSpec smaller = training;
        smaller.batchSize /= parts;
        smaller.gradientAccumulation *= parts;
        add(smaller, tr("batch %1 × accumulation %2").arg(smaller.batchSize).arg(smaller.gradientAccumulation));
    }
    if (!training.gradientCheckpointing) {
        TrainingSpec recomputed = training;
        recomputed.gradientCheckpointing = true;
        add(recomputed, tr("recompute activations"));
    }
    if (training.optimizer == OptimizerKind::AdamW) {
        TrainingSpec coded = training;
        coded.optimizer = OptimizerKind::AdamW8Bit;
        add(coded, tr("8-bit AdamW"));
    }
    if (!training.lora) {
        TrainingSpec adapter = training;
        adapter.lora = LoraSpec{};
        add(adapter, tr("LoRA"));
    }
    return found;
}

void ForecastPanel::propose(std::vector<Proposal> proposals)
{
    m_proposals = std::move(proposals);
    while (m_buttons.size() < m_proposals.size()) {
        const std::size_t index = m_buttons.size();
        auto *button = new QPushButton(this);
        button->setObjectName(QStringLiteral("forecastProposal%1").arg(index));
        connect(button, &QPushButton::clicked, this, [this, index] { Q_EMIT trainingProposed(TrainingSpec(m_proposals[index].training)); });
        m_buttonRows->addWidget(button, 0, Qt::AlignLeft);
        m_buttons.push_back(button);
    }
    for (std::size_t i = 0; i < m_buttons.size(); ++i) {
        m_buttons[i]->setVisible(i < m_proposals.size());
        if (i < m_proposals.size())
            m_buttons[i]->setText(m_proposals[i].text);
    }
}

void ForecastPanel::show(const Shown &shown)
{
    const Forecast &f = shown.figures;
    const TrainingSpec &training = shown.input.spec.training;
    const QString none = QStringLiteral("–");
    const auto count = [&none](const std::optional<std::int64_t> &value) { return value ? format::count(*value) : none; };

    if (f.steps && f.stepsPerEpoch) {
        QString text = tr("%1  (%2 an epoch)").arg(format::count(*f.steps), format::count(*f.stepsPerEpoch));
        if (training.maxSteps && *f.steps == *training.maxSteps)
            text += u' ' + tr("limited");
        set(QStringLiteral("steps"), text);
    } else {
        set(QStringLiteral("steps"), none, tr("The forget set has no rows yet."));
    }
    set(QStringLiteral("batch"), f.rowsPerStep > 0 ? tr("%1 × %2 = %3 forget rows").arg(format::count(training.batchSize), format::count(training.gradientAccumulation), format::count(f.rowsPerStep))
                                                         + (shown.input.usesRetain ? tr(" and as many retain rows") : QString())
                                                   : none);
    set(QStringLiteral("rows"), tr("%1 forget · %2 retain").arg(format::count(shown.input.forget.rows), format::count(shown.input.retain.rows)));
    const QString waiting = shown.counting ? tr("counting…") : none;
    const QString noModel = shown.counting ? QString() : tr("Open a model to count tokens.");
    set(QStringLiteral("tokens"), f.tokensPerEpoch ? tr("%1 an epoch, %2 of forget").arg(format::count(*f.tokensPerEpoch), format::count(shown.input.forget.tokens)) : waiting,
        f.tokensPerEpoch ? QString() : noModel);
    if (!f.rowsCut) {
        set(QStringLiteral("cut"), waiting, noModel);
    } else if (f.rowsWithoutLabels.value_or(0) > 0) {
        set(QStringLiteral("cut"), tr("%1 rows, %2 with nothing left to train").arg(format::count(*f.rowsCut), format::count(*f.rowsWithoutLabels)), {}, QStringLiteral("warning"));
    } else {
        set(QStringLiteral("cut"), *f.rowsCut == 1 ? tr("1 row") : tr("%1 rows").arg(format::count(*f.rowsCut)), {}, *f.rowsCut > 0 ? QStringLiteral("warning") : QString());
    }
    set(QStringLiteral("evaluations"), f.evaluations && *f.evaluations == 0 ? tr("none") : count(f.evaluations));
    set(QStringLiteral("checkpoints"), count(f.checkpoints));
    QString disk = f.checkpointBytes ? QStringLiteral("≈ ") + format::bytes(*f.checkpointBytes) : none;
    const bool diskTight = f.checkpointBytes && shown.freeDisk >= 0 && *f.checkpointBytes > shown.freeDisk;
    if (f.checkpointBytes && shown.freeDisk >= 0)
        disk += tr(" of %1 free").arg(format::bytes(shown.freeDisk));
    set(QStringLiteral("disk"), disk, {}, diskTight ? QStringLiteral("error") : QString());

    QString advice;
    if (f.memory) {
        const std::int64_t total = f.memory->total();
        const double share = shown.freeMemory > 0 ? double(total) / double(shown.freeMemory) : -1;
        const QString verdict = share < 0 ? QString() : share > 1 ? tr(" · does not fit") : share > 0.85 ? tr(" · tight") : tr(" · fits");
        QString text = QStringLiteral("≈ ") + format::bytes(total);
        if (shown.freeMemory > 0)
            text += tr(" of %1 free").arg(format::bytes(shown.freeMemory)) + verdict;
        const QString parts = tr("weights %1\nreference %2\ngradients %3\noptimizer %4\nactivations %5\nlogits %6\nthe program %7\non %8")
                                  .arg(format::bytes(f.memory->weights), format::bytes(f.memory->reference), format::bytes(f.memory->gradients),
                                       format::bytes(f.memory->optimizer), format::bytes(f.memory->activations), format::bytes(f.memory->logits),
                                       format::bytes(f.memory->process), shown.device);
        set(QStringLiteral("memory"), text, parts, share > 1 ? QStringLiteral("error") : share > 0.85 ? QStringLiteral("warning") : QString());
        m_bar->setShare(share);
        m_bar->setToolTip(parts);
        if (share > 0.85) {
            advice = share > 1 ? tr("This does not fit. A change that helps:") : tr("This is tight. A change that helps:");
        }
    } else {
        set(QStringLiteral("memory"), none, tr("Open a model to estimate memory."));
        m_bar->setShare(-1);
    }
    propose(advice.isEmpty() ? std::vector<Proposal>() : proposals(shown.input));
    m_advice->setText(m_proposals.empty() ? QString() : advice);
    m_advice->setVisible(!m_proposals.empty());
    if (shown.measuring)
        set(QStringLiteral("time"), tr("measuring…"), tr("Three steps are trained; nothing of them is kept."));
    else if (shown.measured && f.steps)
        set(QStringLiteral("time"), tr("≈ %1 (measured)").arg(format::duration(shown.measured->secondsPerStep * double(*f.steps))),
            tr("Three steps were trained: %1 s each, %2 of memory at their peak. Evaluations come on top.")
                .arg(QString::number(shown.measured->secondsPerStep, 'g', 3), format::bytes(shown.measured->peakMemoryBytes)));
    else if (f.seconds)
        set(QStringLiteral("time"), QStringLiteral("≈ ") + format::duration(*f.seconds),
            f.likeRuns == 1 ? tr("Measured on one run of this method and model.") : tr("Measured on %1 runs of this method and model.").arg(f.likeRuns));
    else
        set(QStringLiteral("time"), none, tr("No finished run of this method and model to go by; Measure trains three steps."));
}

} // namespace lethe
