#include "TokenStrip.h"

#include "../parts/Text.h"

#include <widgets/Theme.h>

#include <QtCore/QStringDecoder>
#include <QtGui/QHelpEvent>
#include <QtGui/QPainter>
#include <QtWidgets/QScrollBar>
#include <QtWidgets/QToolTip>

#include <algorithm>

namespace lethe {

namespace {

/// Far above any context: the same encoder without a cut, to show what falls off.
constexpr std::int64_t kUncut = std::int64_t{1} << 40;
/// A strip of a long document ends here; the count says how many there are.
constexpr std::size_t kMostPieces = 4096;

QString readable(const Tokenizer &tokenizer, TokenId id)
{
    const std::string text = tokenizer.decode({id}, false);
    if (!text.empty() && text.find("\xEF\xBF\xBD") == std::string::npos)
        return toQt(std::string_view(text));
    return toQt(std::string_view(tokenizer.tokenOf(id).value_or("?"))); // part of a character: as the vocabulary spells it
}

} // namespace

Result<std::vector<TokenStrip::Piece>> tokenPieces(const DataRow &row, const Tokenizer &tokenizer, const TemplateSpec &textTemplate,
                                                   std::int64_t maxLength)
{
    LETHE_TRY(const SampleEncoder encoder, SampleEncoder::create(tokenizer, textTemplate, std::max<std::int64_t>(1, maxLength)));
    LETHE_TRY(const std::vector<EncodedSample> cut, encoder.encode(row, 0));
    if (cut.empty())
        return std::vector<TokenStrip::Piece>{};
    const EncodedSample &seen = cut.front();

    // The text of a token is its stretch of the encoded text: a byte-level piece decoded alone would lose its neighbours.
    LETHE_TRY(const PromptAndFull texts, encoder.texts(row));
    const std::vector<TokenPiece> source = tokenizer.encodePieces(texts.full, !texts.specialsInText);
    const auto textOf = [&](std::size_t index, TokenId id) {
        if (index >= source.size() || source[index].id != id || source[index].end <= source[index].begin)
            return readable(tokenizer, id);
        const std::string_view bytes = std::string_view(texts.full).substr(source[index].begin, source[index].end - source[index].begin);
        QStringDecoder decode(QStringDecoder::Utf8);
        const QString text = decode(QByteArrayView(bytes.data(), static_cast<qsizetype>(bytes.size())));
        return decode.hasError() || text.contains(QChar::ReplacementCharacter) ? readable(tokenizer, id) : text;
    };

    std::vector<TokenStrip::Piece> pieces;
    const auto add = [&](std::size_t index, TokenId id, bool dropped) {
        const bool trained = !dropped && index >= 1 && static_cast<std::int64_t>(index) >= seen.labelStart;
        const bool special = tokenizer.isSpecial(id);
        pieces.push_back({id, special ? toQt(std::string_view(tokenizer.tokenOf(id).value_or(""))) : textOf(index, id), trained, special, dropped});
    };
    for (std::size_t index = 0; index < std::min(seen.ids.size(), kMostPieces); ++index)
        add(index, seen.ids[index], false);
    if (seen.droppedTokens > 0 && pieces.size() < kMostPieces) {
        LETHE_TRY(const SampleEncoder whole, SampleEncoder::create(tokenizer, textTemplate, kUncut));
        LETHE_TRY(const std::vector<EncodedSample> uncut, whole.encode(row, 0));
        if (!uncut.empty())
            for (std::size_t index = seen.ids.size(); index < std::min(uncut.front().ids.size(), kMostPieces); ++index)
                add(index, uncut.front().ids[index], true);
    }
    return pieces;
}

TokenStrip::TokenStrip(QWidget *parent) : QAbstractScrollArea(parent)
{
    setObjectName(QStringLiteral("tokenStrip"));
    setAccessibleName(tr("Tokens of the selected row"));
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFrameShape(QFrame::NoFrame);
    viewport()->setAutoFillBackground(false);
    setFocusPolicy(Qt::StrongFocus);
}

QSize TokenStrip::sizeHint() const
{
    return {fontMetrics().averageCharWidth() * 60, fontMetrics().height() * 7 / 2};
}

QSize TokenStrip::minimumSizeHint() const
{
    return {fontMetrics().averageCharWidth() * 20, fontMetrics().height() * 3};
}

void TokenStrip::showNote(const QString &note)
{
    m_pieces.clear();
    m_note = note;
    m_summary.clear();
    m_cutAt = -1;
    layOut();
    setAccessibleDescription(note);
    Q_EMIT summaryChanged();
}

void TokenStrip::showRow(const DataRow &row, const std::shared_ptr<const Tokenizer> &tokenizer, const TemplateSpec &textTemplate,
                         std::int64_t maxLength)
{
    if (!tokenizer) {
        showNote(tr("Open a model to see this row's tokens."));
        return;
    }
    const auto pieces = tokenPieces(row, *tokenizer, textTemplate, maxLength);
    if (!pieces.ok()) {
        showNote(toQt(std::string_view(pieces.error().message())));
        return;
    }
    m_pieces = *pieces;
    m_note.clear();
    const auto count = [this](auto what) { return static_cast<int>(std::count_if(m_pieces.begin(), m_pieces.end(), what)); };
    const int dropped = count([](const Piece &piece) { return piece.dropped; });
    const int trained = count([](const Piece &piece) { return piece.trained; });
    const int kept = static_cast<int>(m_pieces.size()) - dropped;
    m_cutAt = dropped > 0 ? kept : -1;
    m_summary = tr("%L1 of %L2 tokens trained").arg(trained).arg(kept);
    if (dropped > 0)
        m_summary += tr(", %L1 cut off").arg(dropped);
    setAccessibleDescription(m_summary);
    layOut();
    Q_EMIT summaryChanged();
}

void TokenStrip::layOut()
{
    m_rects.clear();
    const QFontMetrics metrics = fontMetrics();
    const int height = metrics.height() + metrics.height() / 3;
    const int line = height + metrics.height() / 4;
    const int pad = std::max(2, metrics.averageCharWidth() / 3);
    const int width = viewport()->width();
    int x = 0, y = 0;
    for (std::size_t index = 0; index < m_pieces.size(); ++index) {
        Piece &piece = m_pieces[index];
        QString shown = piece.text;
        shown.replace(u'\n', u'⏎').replace(u'\t', u'⇥');
        const int wide = metrics.horizontalAdvance(shown) + 2 * pad;
        const int before = static_cast<int>(index) == m_cutAt ? metrics.horizontalAdvance(u'✂') + 3 * pad : 0;
        if (x > 0 && x + before + wide > width) {
            x = 0;
            y += line;
        }
        x += before;
        m_rects.emplace_back(x, y, std::min(wide, width), height);
        x += wide + 1;
    }
    const int content = m_rects.empty() ? 0 : m_rects.back().bottom() + 1;
    verticalScrollBar()->setSingleStep(line);
    verticalScrollBar()->setPageStep(viewport()->height());
    verticalScrollBar()->setRange(0, std::max(0, content - viewport()->height()));
    viewport()->update();
}

void TokenStrip::resizeEvent(QResizeEvent *event)
{
    QAbstractScrollArea::resizeEvent(event);
    layOut();
}

void TokenStrip::changeEvent(QEvent *event)
{
    QAbstractScrollArea::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange)
        layOut();
}

void TokenStrip::paintEvent(QPaintEvent *event)
{
    QPainter painter(viewport());
    painter.setRenderHint(QPainter::Antialiasing);
    if (m_pieces.empty()) {
        painter.setPen(Theme::muted());
        painter.drawText(viewport()->rect(), Qt::AlignLeft | Qt::AlignVCenter | Qt::TextWordWrap, m_note);
        return;
    }
    const int offset = verticalScrollBar()->value();
    const QColor ink = palette().color(QPalette::Text);
    QColor trainedFill = Theme::accent();
    trainedFill.setAlphaF(Theme::isDark() ? 0.35f : 0.16f);
    QColor promptFill = Theme::muted();
    promptFill.setAlphaF(0.13f);
    for (std::size_t index = 0; index < m_rects.size(); ++index) {
        const QRect rect = m_rects[index].translated(0, -offset);
        if (rect.bottom() < event->rect().top() || rect.top() > event->rect().bottom())
            continue;
        const Piece &piece = m_pieces[index];
        if (static_cast<int>(index) == m_cutAt) {
            painter.setPen(QPen(Theme::warning(), 1.5, Qt::DashLine));
            const int pad = std::max(2, fontMetrics().averageCharWidth() / 3);
            const int left = rect.left() - fontMetrics().horizontalAdvance(u'✂') - 2 * pad;
            painter.drawLine(rect.left() - pad, rect.top(), rect.left() - pad, rect.bottom());
            painter.drawText(QRect(left, rect.top(), rect.left() - left, rect.height()), Qt::AlignLeft | Qt::AlignVCenter, QStringLiteral("✂"));
        }
        painter.setPen(piece.special ? QPen(piece.trained ? Theme::accent() : Theme::muted(), 1) : QPen(Qt::NoPen));
        painter.setBrush(piece.dropped ? QBrush(Qt::NoBrush) : QBrush(piece.trained ? trainedFill : promptFill));
        const double radius = rect.height() / 6.0;
        painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius);
        painter.setPen(piece.trained ? ink : Theme::muted());
        QString shown = piece.text;
        shown.replace(u'\n', u'⏎').replace(u'\t', u'⇥');
        painter.drawText(rect, Qt::AlignCenter, shown);
        if (piece.dropped) {
            painter.setPen(QPen(Theme::warning(), 1));
            painter.drawLine(rect.left() + 1, rect.center().y(), rect.right() - 1, rect.center().y());
        }
    }
}

bool TokenStrip::viewportEvent(QEvent *event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto *help = static_cast<QHelpEvent *>(event);
        const QPoint at = help->pos() + QPoint(0, verticalScrollBar()->value());
        for (std::size_t index = 0; index < m_rects.size(); ++index) {
            if (!m_rects[index].contains(at))
                continue;
            const Piece &piece = m_pieces[index];
            const QString state = piece.dropped ? tr("cut off") : piece.trained ? tr("trained") : tr("not trained");
            QToolTip::showText(help->globalPos(), tr("token %L1 · id %2 · %3").arg(index + 1).arg(piece.id).arg(state), viewport());
            return true;
        }
        QToolTip::hideText();
        return true;
    }
    return QAbstractScrollArea::viewportEvent(event);
}

} // namespace lethe
