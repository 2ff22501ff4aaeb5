#pragma once

#include "plots/Card.h"

#include <functional>
#include <optional>

class QLabel;

namespace lethe {

class ElidedLabel;
class HeatStrip;
struct SampleRecord;
class TextDiff;

/// One answer to the prompt in front: title, text (with marks where it is the later one of the compared pair), scores, badges.
class AnswerColumn : public Card
{
    Q_OBJECT

public:
    explicit AnswerColumn(const QString &title, QWidget *parent = nullptr);

    void setTitle(const QString &title, const QString &color = {});
    /// What a row of data says: no scores.
    void showText(const QString &text);
    void showAnswer(const SampleRecord &sample);
    void showDifference(const SampleRecord &sample, const TextDiff &diff);
    /// Why there is nothing.
    void showNothing(const QString &reason);
    /// Below the answer: how likely each token of the reference is to the model that answered.
    void setTokensShown(bool shown);
    QString plainText() const { return m_plain; }
    QString scores() const;
    QString badges() const;
    QString richText() const;

protected:
    void changeEvent(QEvent *event) override;

private:
    void render(std::function<void()> draw);
    void setScores(const SampleRecord *sample);

    QLabel *m_swatch = nullptr;
    ElidedLabel *m_title;
    QLabel *m_text;
    QLabel *m_scores;
    HeatStrip *m_strip;
    bool m_tokensShown = false;
    QWidget *m_badges;
    QStringList m_badgeTexts;
    QString m_plain;
    QString m_titleText;
    QString m_titleColor;
    std::function<void()> m_draw; ///< again in the colours of another theme
};

} // namespace lethe
