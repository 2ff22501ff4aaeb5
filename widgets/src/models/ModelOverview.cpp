#include "ModelOverview.h"

#include "../parts/Background.h"
#include "../frame/IconLabel.h"
#include "../frame/Tones.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <lethe/base/Device.h>

#include <QtGui/QHelpEvent>
#include <QtGui/QPainter>
#include <QtGui/QPainterPath>
#include <QtWidgets/QFormLayout>
#include <QtWidgets/QFrame>
#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QToolTip>
#include <QtWidgets/QVBoxLayout>

namespace lethe {

namespace {

constexpr double kTypicalTokens = 32; ///< of a question-answer row, where no set says better
constexpr double kTypicalLabels = 16;

QLabel *label(const QString &text, TextRole role, QWidget *parent)
{
    auto *made = new QLabel(text, parent);
    made->setTextFormat(Qt::PlainText);
    made->setWordWrap(true);
    made->setTextInteractionFlags(Qt::TextSelectableByMouse);
    Theme::setRole(made, role);
    return made;
}

QVBoxLayout *card(QWidget *parent, QVBoxLayout *into, const QString &heading)
{
    auto *frame = new QFrame(parent);
    frame->setProperty("card", true);
    auto *inside = new QVBoxLayout(frame);
    inside->setContentsMargins(Theme::space(4), Theme::space(3), Theme::space(4), Theme::space(4));
    inside->setSpacing(Theme::space(2));
    if (!heading.isEmpty())
        inside->addWidget(label(heading, TextRole::Heading, frame));
    into->addWidget(frame);
    return inside;
}

/// Steps of one hue, apart in lightness, so that the parts can be told apart in grey too.
QColor partColor(std::size_t index)
{
    const QColor accent = Theme::accent();
    const double share = 1.0 - 0.16 * static_cast<double>(index);
    const QColor paper = Theme::surface();
    return QColor::fromRgbF(static_cast<float>(accent.redF() * share + paper.redF() * (1 - share)),
                            static_cast<float>(accent.greenF() * share + paper.greenF() * (1 - share)),
                            static_cast<float>(accent.blueF() * share + paper.blueF() * (1 - share)));
}

} // namespace

MemoryPartsBar::MemoryPartsBar(QWidget *parent)
    : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

QSize MemoryPartsBar::sizeHint() const
{
    return {Theme::space(60), Theme::space(4)};
}

void MemoryPartsBar::setParts(std::vector<Part> parts, std::int64_t freeBytes)
{
    m_parts = std::move(parts);
    m_free = freeBytes;
    QStringList words;
    for (const Part &part : m_parts)
        words << tr("%1 %2").arg(part.name, format::bytes(part.bytes));
    setAccessibleName(tr("Memory to train"));
    setAccessibleDescription(words.join(QStringLiteral(", ")));
    update();
}

void MemoryPartsBar::paintEvent(QPaintEvent *)
{
    std::int64_t sum = 0;
    for (const Part &part : m_parts)
        sum += part.bytes;
    const double scale = static_cast<double>(std::max({sum, m_free, std::int64_t(1)}));
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const double corner = height() / 4.0;
    QPainterPath outline;
    outline.addRoundedRect(QRectF(rect()), corner, corner);
    painter.setClipPath(outline);
    painter.fillRect(rect(), Tones::current().hover);
    double left = 0;
    for (std::size_t i = 0; i < m_parts.size(); ++i) {
        // The whole sum is never less than a sliver, or a small model would seem to need nothing
        const double width = std::max(m_parts[i].bytes > 0 ? 2.0 : 0.0, this->width() * static_cast<double>(m_parts[i].bytes) / scale);
        painter.fillRect(QRectF(left, 0, width, height()), sum > m_free && m_free > 0 ? Theme::error() : partColor(i));
        left += width;
    }
}

bool MemoryPartsBar::event(QEvent *event)
{
    if (event->type() == QEvent::ToolTip) {
        QToolTip::showText(static_cast<QHelpEvent *>(event)->globalPos(), accessibleDescription(), this);
        return true;
    }
    return QWidget::event(event);
}

ModelOverview::ModelOverview(Workspace &workspace, QWidget *parent)
    : QWidget(parent), m_workspace(workspace), m_problems(new QVBoxLayout), m_facts(new QFormLayout), m_sum(label({}, TextRole::Body, this)),
      m_items(label({}, TextRole::Caption, this)), m_basis(label({}, TextRole::Caption, this)), m_bar(new MemoryPartsBar(this))
{
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(Theme::space(1), Theme::space(3), Theme::space(1), Theme::space(3));
    all->setSpacing(Theme::space(3));
    m_problems->setSpacing(Theme::space(2));
    all->addLayout(m_problems);
    QVBoxLayout *facts = card(this, all, tr("Facts"));
    m_facts->setHorizontalSpacing(Theme::space(6));
    m_facts->setVerticalSpacing(Theme::space(1));
    facts->addLayout(m_facts);
    QVBoxLayout *memory = card(this, all, tr("Memory to train"));
    memory->addWidget(m_sum);
    memory->addWidget(m_bar);
    memory->addWidget(m_items);
    memory->addWidget(m_basis);
    all->addStretch();
    connect(&workspace, &Workspace::draftChanged, this, [this] {
        if (m_info && isVisible())
            fillMemory();
    });
}

void ModelOverview::setModel(std::shared_ptr<const ModelInfo> info)
{
    m_info = std::move(info);
    if (!m_info)
        return;
    fillProblems();
    fillFacts();
    fillMemory();
}

void ModelOverview::fillProblems()
{
    while (QLayoutItem *item = m_problems->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    const auto add = [this](const QString &text, const char *level, const QIcon &icon) {
        auto *row = new QFrame(this);
        row->setProperty("messageLevel", QLatin1String(level));
        auto *line = new QHBoxLayout(row);
        line->setContentsMargins(Theme::space(3), Theme::space(2), Theme::space(3), Theme::space(2));
        line->addWidget(new IconLabel(icon, 4, row), 0, Qt::AlignTop);
        line->addWidget(label(text, TextRole::Body, row), 1);
        m_problems->addWidget(row);
    };
    for (const Error &problem : m_info->problems)
        add(QString::fromStdString(problem.message()), "error", Theme::icon(QStringLiteral("error"), Theme::error));
    for (const std::string &remark : m_info->remarks)
        add(QString::fromStdString(remark), "info", Theme::icon(QStringLiteral("info"), Theme::accent));
}

void ModelOverview::fillFacts()
{
    while (m_facts->rowCount() > 0)
        m_facts->removeRow(0);
    const auto row = [this](const QString &name, const QString &value) {
        m_facts->addRow(label(name, TextRole::Muted, this), label(value.isEmpty() ? QStringLiteral("–") : value, TextRole::Body, this));
    };
    const ModelInfo &info = *m_info;
    row(tr("Architecture"), QStringLiteral("%1 (%2)").arg(QString::fromStdString(info.architecture), QString::fromStdString(info.modelType)));
    row(tr("Parameters"), QStringLiteral("%1 (%2)").arg(format::parameters(info.parameters), format::count(info.parameters)));
    row(tr("Weights"), QStringLiteral("%1, %2").arg(QString::fromStdString(info.dtype), format::bytes(static_cast<std::int64_t>(info.weightBytes))));
    row(tr("Layers"), tr("%1, hidden %2, inner %3").arg(info.layers).arg(info.hiddenSize).arg(info.intermediateSize));
    row(tr("Heads"), info.kvHeads == info.heads ? tr("%1 of width %2").arg(info.heads).arg(info.headDim)
                                                : tr("%1 of width %2, %3 for keys and values").arg(info.heads).arg(info.headDim).arg(info.kvHeads));
    row(tr("Context"), tr("%1 tokens").arg(format::count(info.contextLength)));
    row(tr("Vocabulary"), tr("%1%2").arg(format::count(info.vocabularySize), info.tiedEmbeddings ? tr(", embeddings tied") : QString()));
    if (info.tokenizer)
        row(tr("Tokenizer"), tr("%1, %2 entries, %3").arg(QString::fromStdString(info.tokenizer->type), format::count(info.tokenizer->vocabularySize),
                                                         info.tokenizer->hasChatTemplate ? tr("chat template") : tr("no chat template")));
    else
        row(tr("Tokenizer"), tr("none"));
    row(tr("Differs from transformers"), !info.usable() ? QString() : info.remarks.empty() ? tr("nothing") : tr("what is noted above"));
    row(tr("Folder"), QString::fromStdString(info.folder.string()));
}

void ModelOverview::fillMemory()
{
    const ExperimentSpec &draft = m_workspace.draft();
    const MethodManifest *method = m_workspace.catalog().find(draft.method.id);
    const bool reference = method != nullptr
        && std::any_of(method->needs.begin(), method->needs.end(), [](const std::string &need) { return need.starts_with("reference"); });
    const MemoryEstimate estimate = estimateMemory(*m_info, draft.training, draft.data.maxLength, kTypicalTokens, kTypicalLabels, reference);
    const std::vector<MemoryPartsBar::Part> parts{{tr("weights"), estimate.weights},       {tr("reference"), estimate.reference},
                                             {tr("gradients"), estimate.gradients},   {tr("optimizer"), estimate.optimizer},
                                             {tr("activations"), estimate.activations}, {tr("logits"), estimate.logits},
                                             {tr("program"), estimate.process}};
    QStringList items;
    for (const MemoryPartsBar::Part &part : parts)
        if (part.bytes > 0)
            items << tr("%1 %2").arg(part.name, format::bytes(part.bytes));
    m_items->setText(items.join(QStringLiteral("  ·  ")));
    m_basis->setText(tr("An estimate for the experiment as it is written now: batch %1, %2, rows of about %3 tokens.")
                         .arg(draft.training.batchSize).arg(QString::fromUtf8(toString(draft.training.dtype).data())).arg(kTypicalTokens));
    const std::int64_t total = estimate.total();
    m_sum->setText(tr("≈ %1").arg(format::bytes(total)));
    m_bar->setParts(parts, 0);
    inBackground(this, [] {
        const DeviceReport &report = deviceReport();
        return memoryNow(report.cuda.empty() ? "cpu" : "cuda:0").freeBytes;
    }, [this, parts, total](std::int64_t free) {
        m_bar->setParts(parts, free);
        m_sum->setText(total <= free ? tr("≈ %1 of %2 free – fits").arg(format::bytes(total), format::bytes(free))
                                     : tr("≈ %1 of %2 free – does not fit").arg(format::bytes(total), format::bytes(free)));
    });
}

} // namespace lethe
