#pragma once

#include <lethe/data/Dataset.h>

#include <QtWidgets/QAbstractScrollArea>

#include <memory>
#include <vector>

namespace lethe {

/// One row as the trainer sees it, token by token: the ignored prompt grey, trained tokens coloured, specials marked, the cut
/// as a line with scissors. Drawn from `SampleEncoder`, which the trainer uses.
class TokenStrip final : public QAbstractScrollArea
{
    Q_OBJECT

public:
    struct Piece {
        TokenId id = 0;
        QString text;
        bool trained = false;
        bool special = false;
        bool dropped = false;
    };

    explicit TokenStrip(QWidget *parent = nullptr);

    /// Nothing to show, and why.
    void showNote(const QString &note);
    /// A document shows its first window of \p maxLength tokens.
    void showRow(const DataRow &row, const std::shared_ptr<const Tokenizer> &tokenizer, const TemplateSpec &textTemplate,
                 std::int64_t maxLength);

    const std::vector<Piece> &pieces() const { return m_pieces; }
    /// `9 of 31 tokens trained`, with what is cut.
    QString summary() const { return m_summary; }
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    void summaryChanged();

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    bool viewportEvent(QEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void layOut();

    std::vector<Piece> m_pieces;
    std::vector<QRect> m_rects; ///< in content coordinates
    int m_cutAt = -1;           ///< the first dropped piece; -1: nothing is cut
    QString m_note;
    QString m_summary;
};

/// What a strip shows of a row; Error where it cannot be encoded.
Result<std::vector<TokenStrip::Piece>> tokenPieces(const DataRow &row, const Tokenizer &tokenizer, const TemplateSpec &textTemplate,
                                                   std::int64_t maxLength);

} // namespace lethe
