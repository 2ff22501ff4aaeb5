#include "ActionButton.h"
#include "SettingsPanes.h"
#include "WindowActions.h"

#include <widgets/Theme.h>

#include <QtGui/QAction>
#include <QtGui/QStandardItemModel>
#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QHeaderView>
#include <QtWidgets/QKeySequenceEdit>
#include <QtWidgets/QLabel>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QTreeView>
#include <QtWidgets/QVBoxLayout>

namespace lethe {

namespace {

QAction *chosen(const QTreeView &view, const WindowActions &actions)
{
    const QString id = view.currentIndex().siblingAtColumn(0).data(Qt::UserRole).toString();
    for (QAction *one : actions.changeable())
        if (one->objectName() == id)
            return one;
    return nullptr;
}

void fill(QStandardItemModel &model, const WindowActions &actions)
{
    model.removeRows(0, model.rowCount());
    for (const QAction *one : actions.changeable()) {
        auto *what = new QStandardItem(one->icon(), plainText(one));
        what->setData(one->objectName(), Qt::UserRole);
        what->setToolTip(one->statusTip());
        auto *keys = new QStandardItem(one->shortcut().toString(QKeySequence::NativeText));
        auto *usual = new QStandardItem(actions.usualKey(const_cast<QAction *>(one)).toString(QKeySequence::NativeText));
        model.appendRow({what, keys, usual});
    }
}

} // namespace

QWidget *makeKeysPane(WindowActions &actions, QWidget *parent)
{
    auto *pane = new QWidget(parent);
    auto *all = new QVBoxLayout(pane);
    all->setContentsMargins(Theme::space(5), Theme::space(4), Theme::space(5), Theme::space(4));
    all->setSpacing(Theme::space(3));
    auto *heading = new QLabel(QObject::tr("Keys"), pane);
    Theme::setRole(heading, TextRole::Heading);
    all->addWidget(heading);

    auto *model = new QStandardItemModel(0, 3, pane);
    model->setHorizontalHeaderLabels({QObject::tr("Action"), QObject::tr("Key"), QObject::tr("Default")});
    auto *view = new QTreeView(pane);
    view->setObjectName(QStringLiteral("keyTable"));
    view->setAccessibleName(QObject::tr("Actions and their keys"));
    view->setModel(model);
    view->setRootIsDecorated(false);
    view->setEditTriggers(QAbstractItemView::NoEditTriggers);
    view->setAllColumnsShowFocus(true);
    view->header()->resizeSection(0, view->fontMetrics().averageCharWidth() * 44);
    all->addWidget(view, 1);

    auto *tools = new QHBoxLayout;
    auto *edit = new QKeySequenceEdit(pane);
    edit->setAccessibleName(QObject::tr("New key of the chosen action"));
    auto *set = new QPushButton(QObject::tr("Set"), pane);
    auto *resetOne = new QPushButton(QObject::tr("Reset"), pane);
    auto *resetAll = new QPushButton(QObject::tr("Reset all"), pane);
    auto *state = new QLabel(pane);
    state->setWordWrap(true);
    Theme::setRole(state, TextRole::Warning);
    tools->addWidget(edit, 1);
    tools->addWidget(set);
    tools->addWidget(resetOne);
    tools->addWidget(resetAll);
    all->addLayout(tools);
    all->addWidget(state);

    const auto refill = [model, view, &actions] {
        const int row = view->currentIndex().row();
        fill(*model, actions);
        view->setCurrentIndex(model->index(std::max(0, row), 0));
    };
    QObject::connect(edit, &QKeySequenceEdit::keySequenceChanged, state, [state, view, &actions](const QKeySequence &key) {
        QStringList users;
        for (const QAction *one : actions.changeable())
            if (!key.isEmpty() && one->shortcut() == key && one != chosen(*view, actions))
                users << plainText(one);
        state->setText(users.isEmpty() ? QString()
                                       : QObject::tr("%1 is the key of “%2”. On a screen that uses it, the screen's own action goes first.")
                                             .arg(key.toString(QKeySequence::NativeText), users.join(QStringLiteral("”, “"))));
    });
    QObject::connect(set, &QPushButton::clicked, pane, [edit, view, refill, &actions] {
        if (QAction *one = chosen(*view, actions)) {
            actions.setKey(one, edit->keySequence());
            edit->clear();
            refill();
        }
    });
    QObject::connect(resetOne, &QPushButton::clicked, pane, [view, refill, &actions] {
        if (QAction *one = chosen(*view, actions)) {
            actions.setKey(one, actions.usualKey(one));
            refill();
        }
    });
    QObject::connect(resetAll, &QPushButton::clicked, pane, [refill, &actions] {
        actions.restoreKeys();
        refill();
    });
    refill();
    return pane;
}

} // namespace lethe
