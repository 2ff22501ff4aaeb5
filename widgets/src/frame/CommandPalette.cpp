#include "CommandPalette.h"

#include "Fuzzy.h"
#include "Tones.h"

#include <widgets/Theme.h>

#include <QtCore/QRegularExpression>
#include <QtCore/QSettings>
#include <QtGui/QKeyEvent>
#include <QtGui/QPainter>
#include <QtWidgets/QApplication>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QListView>
#include <QtWidgets/QStyledItemDelegate>
#include <QtWidgets/QVBoxLayout>

#include <algorithm>

namespace lethe {

namespace {

constexpr int kRemembered = 30;
constexpr int kRowsShown = 11;
const QString kLastUsedKey = QStringLiteral("palette/lastUsed");

/// Icon, text, group in small letters at its right, shortcut at the far right.
class CommandDelegate final : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const override { return {Theme::space(60), Theme::space(9)}; }

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const Tones &tones = Tones::current();
        const bool enabled = index.flags().testFlag(Qt::ItemIsEnabled);
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        if (option.state.testFlag(QStyle::State_Selected)) {
            painter->setPen(Qt::NoPen);
            painter->setBrush(tones.selection);
            painter->drawRoundedRect(QRectF(option.rect).adjusted(1, 1, -1, -1), Theme::space(3) / 2.0, Theme::space(3) / 2.0);
        }
        QRect rest = option.rect.adjusted(Theme::space(3), 0, -Theme::space(3), 0);
        const int side = Theme::space(4) + 2;
        index.data(Qt::DecorationRole).value<QIcon>().paint(painter, QRect(rest.left(), rest.center().y() - side / 2, side, side),
                                                            Qt::AlignCenter, enabled ? QIcon::Normal : QIcon::Disabled);
        rest.setLeft(rest.left() + side + Theme::space(3));
        const QString shortcut = index.data(CommandModel::ShortcutRole).toString();
        if (!shortcut.isEmpty()) {
            painter->setPen(tones.muted);
            painter->drawText(rest, Qt::AlignVCenter | Qt::AlignRight, shortcut);
            rest.setRight(rest.right() - option.fontMetrics.horizontalAdvance(shortcut) - Theme::space(3));
        }
        const QString text = index.data().toString();
        const QString group = index.data(CommandModel::GroupRole).toString();
        QFont small = option.font;
        small.setPointSizeF(small.pointSizeF() * 0.9);
        const int groupWidth = QFontMetrics(small).horizontalAdvance(group) + Theme::space(3);
        painter->setPen(enabled ? tones.text : tones.disabled);
        const QString shown = option.fontMetrics.elidedText(text, Qt::ElideRight, rest.width() - groupWidth);
        painter->drawText(rest, Qt::AlignVCenter | Qt::AlignLeft, shown);
        rest.setLeft(rest.left() + option.fontMetrics.horizontalAdvance(shown) + Theme::space(3));
        painter->setFont(small);
        painter->setPen(tones.muted);
        painter->drawText(rest, Qt::AlignVCenter | Qt::AlignLeft, group);
        painter->restore();
    }
};

} // namespace

void CommandModel::setCommands(std::vector<Command> commands, const QStringList &lastUsed)
{
    m_commands = std::move(commands);
    m_lastUsed = lastUsed;
    choose();
}

void CommandModel::addCommands(std::vector<Command> commands)
{
    m_commands.insert(m_commands.end(), std::make_move_iterator(commands.begin()), std::make_move_iterator(commands.end()));
    choose();
}

void CommandModel::setQuery(const QString &query)
{
    m_query = query;
    choose();
}

void CommandModel::choose()
{
    struct Fit {
        std::size_t index;
        int score;
        qsizetype used; ///< place among those used last; large for never
    };
    std::vector<Fit> fits;
    for (std::size_t i = 0; i < m_commands.size(); ++i) {
        const Command &command = m_commands[i];
        // The group is found too, but a hit in the text itself goes first
        const int own = fuzzyScore(m_query, command.text);
        const int wide = own >= 0 ? own * 2 : fuzzyScore(m_query, command.group + QLatin1Char(' ') + command.text);
        if (wide < 0)
            continue;
        const auto used = m_lastUsed.indexOf(command.id);
        fits.push_back({i, wide + (command.enabled ? 0 : -1), used < 0 ? kRemembered + 1 : used});
    }
    std::stable_sort(fits.begin(), fits.end(), [](const Fit &a, const Fit &b) {
        return a.score != b.score ? a.score > b.score : a.used < b.used;
    });
    static const QRegularExpression kNumber(QStringLiteral("^\\s*#(\\d{1,8})\\s*$"));
    const auto number = kNumber.match(m_query);
    beginResetModel();
    m_ofNumber = number.hasMatch() && m_numbered ? m_numbered(number.captured(1).toInt()) : std::vector<Command>();
    m_fitting.clear();
    for (const Fit &fit : fits)
        m_fitting.push_back(fit.index);
    endResetModel();
}

const Command *CommandModel::command(int row) const
{
    if (row < 0 || row >= rowCount())
        return nullptr;
    const auto place = static_cast<std::size_t>(row);
    return place < m_ofNumber.size() ? &m_ofNumber[place] : &m_commands[m_fitting[place - m_ofNumber.size()]];
}

int CommandModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_ofNumber.size() + m_fitting.size());
}

QVariant CommandModel::data(const QModelIndex &index, int role) const
{
    const Command *shown = index.isValid() ? command(index.row()) : nullptr;
    if (shown == nullptr)
        return {};
    switch (role) {
    case Qt::DisplayRole: return shown->text;
    case Qt::DecorationRole: return shown->icon;
    case Qt::AccessibleTextRole: return shown->group + QStringLiteral(": ") + shown->text;
    case GroupRole: return shown->group;
    case ShortcutRole: return shown->shortcut;
    default: return {};
    }
}

Qt::ItemFlags CommandModel::flags(const QModelIndex &index) const
{
    const Command *shown = index.isValid() ? command(index.row()) : nullptr;
    return shown == nullptr ? Qt::NoItemFlags : Qt::ItemIsSelectable | (shown->enabled ? Qt::ItemIsEnabled : Qt::NoItemFlags);
}

CommandPalette::CommandPalette(QSettings &settings, QWidget *window)
    : QFrame(window), m_settings(settings), m_input(new QLineEdit(this)), m_list(new QListView(this)),
      m_nothing(new QLabel(tr("Nothing fits. Try fewer letters."), this)), m_model(new CommandModel(this))
{
    setObjectName(QStringLiteral("popup"));
    setAccessibleName(tr("Command palette"));
    setAutoFillBackground(true);
    m_input->setObjectName(QStringLiteral("paletteInput"));
    m_input->setPlaceholderText(tr("Search actions, screens, runs…"));
    m_input->setAccessibleName(tr("Search actions, screens, runs"));
    m_list->setObjectName(QStringLiteral("paletteList"));
    m_list->setAccessibleName(tr("What fits"));
    m_list->setModel(m_model);
    m_list->setItemDelegate(new CommandDelegate(m_list));
    m_list->setUniformItemSizes(true);
    m_list->setFocusPolicy(Qt::NoFocus);
    Theme::setRole(m_nothing, TextRole::Muted);
    m_nothing->setMargin(Theme::space(4));
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(1, 1, 1, 1);
    all->setSpacing(0);
    all->addWidget(m_input);
    all->addWidget(m_nothing);
    all->addWidget(m_list, 1);
    hide();

    m_input->installEventFilter(this);
    window->installEventFilter(this);
    connect(m_input, &QLineEdit::textChanged, this, [this](const QString &text) {
        m_model->setQuery(text);
        m_list->setCurrentIndex(m_model->index(0, 0));
        m_nothing->setVisible(m_model->rowCount() == 0);
    });
    connect(m_list, &QListView::clicked, this, [this] { act(false); });
    connect(qApp, &QApplication::focusChanged, this, [this](QWidget *, QWidget *now) {
        if (isVisible() && now != nullptr && now != m_input && !isAncestorOf(now))
            hide(); // the focus went elsewhere by itself: it stays there
    });
}

void CommandPalette::open(std::vector<Command> commands)
{
    m_before = QApplication::focusWidget();
    m_input->clear();
    m_model->setCommands(std::move(commands), m_settings.value(kLastUsedKey).toStringList());
    m_model->setQuery({});
    m_list->setCurrentIndex(m_model->index(0, 0));
    m_nothing->hide();
    place();
    show();
    raise();
    m_input->setFocus(Qt::PopupFocusReason);
}

void CommandPalette::addCommands(std::vector<Command> commands)
{
    if (!isVisible())
        return;
    const int row = m_list->currentIndex().row();
    m_model->addCommands(std::move(commands));
    m_list->setCurrentIndex(m_model->index(std::max(0, row), 0));
}

void CommandPalette::place()
{
    const QWidget *window = parentWidget();
    const int width = std::min(window->width() - Theme::space(8), fontMetrics().averageCharWidth() * 84);
    const int height = std::min(window->height() - Theme::space(20), m_input->sizeHint().height() + Theme::space(9) * kRowsShown + Theme::space(3));
    setGeometry((window->width() - width) / 2, Theme::space(14), width, height);
}

void CommandPalette::close()
{
    hide();
    if (m_before != nullptr)
        m_before->setFocus(Qt::PopupFocusReason);
}

void CommandPalette::act(bool other)
{
    const Command *chosen = m_model->command(m_list->currentIndex().row());
    if (chosen == nullptr || !chosen->enabled)
        return;
    const auto doIt = other && chosen->actOther ? chosen->actOther : chosen->act;
    QStringList used = m_settings.value(kLastUsedKey).toStringList();
    used.removeAll(chosen->id);
    used.prepend(chosen->id);
    m_settings.setValue(kLastUsedKey, QStringList(used.mid(0, kRemembered)));
    close();
    if (doIt)
        doIt();
}

bool CommandPalette::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == parentWidget()) {
        if (event->type() == QEvent::Resize && isVisible())
            place();
        return false;
    }
    if (event->type() != QEvent::KeyPress)
        return false;
    auto *key = static_cast<QKeyEvent *>(event);
    switch (key->key()) {
    case Qt::Key_Escape:
        close();
        return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        act(key->modifiers().testFlag(Qt::ControlModifier));
        return true;
    case Qt::Key_Down:
    case Qt::Key_Up:
    case Qt::Key_PageDown:
    case Qt::Key_PageUp:
        QCoreApplication::sendEvent(m_list, key);
        return true;
    default:
        return false;
    }
}

} // namespace lethe
