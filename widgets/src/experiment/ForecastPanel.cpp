#include "ForecastPanel.h"

#include "../parts/Panel.h"
#include "../parts/Text.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <QtGui/QPainter>
#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QGridLayout>
#include <QtWidgets/QLabel>

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

ForecastPanel::ForecastPanel(QWidget *parent) : QWidget(parent), m_grid(new QGridLayout), m_advice(new QLabel(this)), m_bar(new ForecastBar(this))
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
            // What each change saves is estimated with the same sum.
            const auto saving = [&](const TrainingSpec &other) { return total - memoryOf(shown.input, other).total(); };
            QStringList changes;
            TrainingSpec halved = training;
            if (training.batchSize > 1) {
                halved.batchSize /= 2;
                halved.gradientAccumulation *= 2;
                changes << tr("batch %1 × accumulation %2 saves %3").arg(halved.batchSize).arg(halved.gradientAccumulation).arg(format::bytes(std::max<std::int64_t>(0, saving(halved))));
            }
            TrainingSpec recompute = training;
            recompute.gradientCheckpointing = true;
            if (!training.gradientCheckpointing)
                changes << tr("recomputing activations saves %1").arg(format::bytes(std::max<std::int64_t>(0, saving(recompute))));
            TrainingSpec adapter = training;
            adapter.lora = LoraSpec{};
            if (!training.lora)
                changes << tr("LoRA saves %1").arg(format::bytes(std::max<std::int64_t>(0, saving(adapter))));
            if (!changes.isEmpty())
                advice = (share > 1 ? tr("This does not fit. ") : tr("This is tight. ")) + changes.join(QStringLiteral("; ")) + u'.';
        }
    } else {
        set(QStringLiteral("memory"), none, tr("Open a model to estimate memory."));
        m_bar->setShare(-1);
    }
    m_advice->setText(advice);
    m_advice->setVisible(!advice.isEmpty());
    if (f.seconds)
        set(QStringLiteral("time"), QStringLiteral("≈ ") + format::duration(*f.seconds),
            f.likeRuns == 1 ? tr("Measured on one run of this method and model.") : tr("Measured on %1 runs of this method and model.").arg(f.likeRuns));
    else
        set(QStringLiteral("time"), none, tr("No finished run of this method and model to measure by."));
}

} // namespace lethe
