#include "AnswerColumn.h"

#include "AnswerBook.h"
#include "TextDiff.h"

#include "parts/ElidedLabel.h"
#include "parts/HeatStrip.h"
#include "plots/FlowLayout.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <QtCore/QEvent>
#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QLabel>

namespace lethe {
namespace {

QString asParagraph(const QString &text)
{
    return text.toHtmlEscaped().replace(QLatin1Char('\n'), QLatin1String("<br>"));
}

} // namespace

AnswerColumn::AnswerColumn(const QString &title, QWidget *parent)
    : Card(parent)
{
    m_swatch = new QLabel(this);
    m_swatch->hide();
    m_title = new ElidedLabel({}, this);
    QFont bold = m_title->font();
    bold.setBold(true);
    m_title->setFont(bold);
    m_text = new QLabel(this);
    m_text->setTextFormat(Qt::RichText);
    m_text->setWordWrap(true);
    m_text->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_text->setFocusPolicy(Qt::TabFocus);
    QSizePolicy policy(QSizePolicy::Ignored, QSizePolicy::Minimum);
    policy.setHeightForWidth(true);
    m_text->setSizePolicy(policy);
    QFont reading = m_text->font();
    reading.setPointSizeF(reading.pointSizeF() * 1.08);
    m_text->setFont(reading);
    m_scores = new QLabel(this);
    m_scores->setWordWrap(true);
    Theme::setRole(m_scores, TextRole::Muted);
    m_strip = new HeatStrip(this);
    m_strip->hide();
    m_badges = new QWidget(this);
    (new FlowLayout(m_badges))->setSpacing(Theme::space(1));

    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(Theme::space(3), Theme::space(2), Theme::space(3), Theme::space(2));
    column->setSpacing(Theme::space(2));
    auto *head = new QHBoxLayout;
    head->setSpacing(Theme::space(2));
    head->addWidget(m_swatch);
    head->addWidget(m_title, 1);
    column->addLayout(head);
    column->addWidget(m_text);
    column->addWidget(m_strip);
    column->addWidget(m_scores);
    column->addWidget(m_badges);
    column->addStretch(1);
    setMinimumWidth(Theme::space(42));
    setTitle(title);
}

void AnswerColumn::setTitle(const QString &title, const QString &color)
{
    m_titleText = title;
    m_titleColor = color;
    m_title->setText(title);
    m_swatch->setVisible(!color.isEmpty());
    if (!color.isEmpty())
        m_swatch->setText(QStringLiteral("<span style=\"color:%1\">■</span>").arg(Theme::runColor(color).name()));
    m_text->setAccessibleName(title);
    setAccessibleName(title);
}

void AnswerColumn::render(std::function<void()> draw)
{
    m_draw = std::move(draw);
    m_draw();
}

void AnswerColumn::changeEvent(QEvent *event)
{
    Card::changeEvent(event);
    if (event->type() != QEvent::PaletteChange || !m_draw)
        return;
    setTitle(m_titleText, m_titleColor);
    m_draw();
}

void AnswerColumn::showText(const QString &text)
{
    m_plain = text;
    render([this, text] { m_text->setText(asParagraph(text)); });
    m_text->setAccessibleDescription(text);
    setScores(nullptr);
}

void AnswerColumn::showAnswer(const SampleRecord &sample)
{
    const QString text = QString::fromStdString(sample.text.value_or(std::string()));
    if (text.trimmed().isEmpty())
        showNothing(tr("(empty answer)"));
    else
        showText(text);
    m_plain = text;
    setScores(&sample);
}

void AnswerColumn::showDifference(const SampleRecord &sample, const TextDiff &diff)
{
    m_plain = QString::fromStdString(sample.text.value_or(std::string()));
    render([this, diff] { m_text->setText(diff.html()); });
    m_text->setAccessibleDescription(m_plain + QStringLiteral(" (") + diff.sentence() + QLatin1Char(')'));
    setScores(&sample);
}

void AnswerColumn::showNothing(const QString &reason)
{
    m_plain.clear();
    render([this, reason] { m_text->setText(QStringLiteral("<span style=\"color:%1\">%2</span>").arg(Theme::muted().name(), asParagraph(reason))); });
    m_text->setAccessibleDescription(reason);
    setScores(nullptr);
}

void AnswerColumn::setTokensShown(bool shown)
{
    m_tokensShown = shown;
    m_strip->setVisible(shown && m_strip->tokens() > 0);
}

QString AnswerColumn::scores() const
{
    return m_scores->text();
}

QString AnswerColumn::badges() const
{
    return m_badgeTexts.join(QStringLiteral(", "));
}

QString AnswerColumn::richText() const
{
    return m_text->text();
}

void AnswerColumn::setScores(const SampleRecord *sample)
{
    QStringList parts, full;
    if (sample && sample->probability) {
        parts.append(tr("p = %1").arg(format::probability(sample->probability)));
        full.append(tr("answer probability %1").arg(format::full(*sample->probability)));
    }
    if (sample && sample->rougeRecall) {
        parts.append(tr("R-L %1").arg(format::probability(sample->rougeRecall)));
        full.append(tr("ROUGE-L recall %1").arg(format::full(*sample->rougeRecall)));
    }
    if (sample && sample->exactMatch)
        parts.append(*sample->exactMatch >= 0.5 ? tr("exact match") : tr("no exact match"));
    m_scores->setText(parts.join(QStringLiteral(" · ")));
    m_scores->setToolTip(full.join(QLatin1Char('\n')));
    m_scores->setVisible(!parts.isEmpty());

    m_strip->show(sample ? sample->tokens : std::vector<TokenScore>(), tr("%1: tokens of the reference").arg(m_titleText));
    setTokensShown(m_tokensShown);

    const QStringList words = sample && sample->text ? marksOf(*sample).words() : QStringList();
    if (words != m_badgeTexts) {
        m_badgeTexts = words;
        qDeleteAll(m_badges->findChildren<QLabel *>(Qt::FindDirectChildrenOnly));
        for (const QString &word : words) {
            auto *badge = new QLabel(word, m_badges);
            Theme::mark(badge, "pill");
            m_badges->layout()->addWidget(badge);
            badge->show();
        }
    }
    m_badges->setVisible(!words.isEmpty());
}

} // namespace lethe
