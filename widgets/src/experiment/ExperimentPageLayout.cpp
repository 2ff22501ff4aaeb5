#include "ExperimentPagePrivate.h"

#include "../parts/Panel.h"
#include "../parts/Text.h"
#include "ForecastPanel.h"
#include "MethodPicker.h"
#include "SpecEditor.h"
#include "SpecForm.h"

#include <lethe/base/Device.h>

#include <widgets/Theme.h>

#include <QtGui/QAction>
#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QMenu>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QScrollArea>
#include <QtWidgets/QSplitter>
#include <QtWidgets/QTabWidget>
#include <QtWidgets/QToolButton>

namespace lethe {

namespace {

QStringList devices()
{
    QStringList names{QStringLiteral("auto"), QStringLiteral("cpu")};
    for (const CudaDevice &device : deviceReport().cuda)
        names << QStringLiteral("cuda:%1").arg(device.index);
    return names;
}

} // namespace

void ExperimentPage::Private::buildActions()
{
    const auto add = [this](const QString &objectName, const QString &text, const QString &icon, const QString &tip, const QKeySequence &keys,
                            void (Private::*act)()) {
        auto *action = new QAction(Theme::icon(icon), text, &page);
        action->setObjectName(objectName);
        action->setStatusTip(tip);
        action->setToolTip(tip);
        action->setShortcut(keys);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        page.addAction(action);
        QObject::connect(action, &QAction::triggered, &page, [this, act] { (this->*act)(); });
        return action;
    };
    QAction *newOne = add(QStringLiteral("actionExperimentNew"), tr("New experiment"), QStringLiteral("plus"), tr("Begin with defaults; model and sets stay"), QKeySequence(Qt::CTRL | Qt::Key_N), &Private::fresh);
    QAction *copyOne = add(QStringLiteral("actionExperimentDuplicate"), tr("Duplicate"), QStringLiteral("copy"), tr("Go on with a copy under another name"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_D), &Private::duplicate);
    QAction *openOne = add(QStringLiteral("actionExperimentOpenSpec"), tr("Open spec…"), QStringLiteral("folder-open"), tr("Fill the form from a spec file"), {}, &Private::openSpec);
    QAction *saveOne = add(QStringLiteral("actionExperimentSaveSpec"), tr("Save spec as…"), QStringLiteral("save"), tr("Write the spec as a JSON file"), QKeySequence::Save, &Private::saveSpec);
    QAction *copyLine = add(QStringLiteral("actionExperimentCopyCommand"), tr("Copy command line"), QStringLiteral("copy"), tr("Copy the lethe-cli command of this run"), {}, &Private::copyCommandLine);
    queueAction = add(QStringLiteral("actionExperimentQueue"), tr("Queue"), QStringLiteral("queue"), tr("Put the run at the end of the queue"), {}, &Private::queue);
    compareAction = add(QStringLiteral("actionExperimentCompareMethods"), tr("Compare methods…"), QStringLiteral("compare"), tr("Queue several methods and seeds on the same model and rows, and put them side by side"), {}, &Private::compareMethods);
    startAction = add(QStringLiteral("actionRunStart"), tr("Start"), QStringLiteral("play"), tr("Start the run"), QKeySequence(Qt::CTRL | Qt::Key_R), &Private::start);
    measureAction = add(QStringLiteral("actionExperimentMeasure"), tr("Measure"), QStringLiteral("clock"), tr("Train three steps for the time they take; nothing of them is kept"),
                        QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_R), &Private::measure);
    firstProblem = add(QStringLiteral("actionExperimentFirstProblem"), tr("Go to the first problem"), QStringLiteral("warning"), tr("Focus the first setting that is wrong"), QKeySequence(Qt::CTRL | Qt::Key_R), &Private::goToFirstProblem);
    page.addPageAction(compareAction);
    page.addPageAction(measureAction);
    page.addPageAction(queueAction);
    for (QAction *ofMenu : {newOne, copyOne, openOne, saveOne, copyLine}) {
        ofMenu->setPriority(QAction::LowPriority);
        page.addPageAction(ofMenu);
    }
    page.addPageAction(startAction, true);
}

QWidget *ExperimentPage::Private::buildTop()
{
    auto *top = new QWidget(&page);
    auto *line = new QHBoxLayout(top);
    line->setContentsMargins(0, 0, 0, 0);
    line->setSpacing(Theme::space(2));
    name = new QLineEdit(top);
    name->setObjectName(QStringLiteral("name"));
    name->setAccessibleName(tr("Name of the run"));
    name->setPlaceholderText(tr("Name of the run"));
    name->setMinimumWidth(name->fontMetrics().averageCharWidth() * 40);
    auto *label = new QLabel(tr("&Name"), top);
    label->setBuddy(name);
    origin = mutedLabel();
    origin->setObjectName(QStringLiteral("experimentOrigin"));
    presets = new QToolButton(top);
    presets->setObjectName(QStringLiteral("experimentPresets"));
    presets->setText(tr("Presets  ▾"));
    presets->setPopupMode(QToolButton::InstantPopup);
    presets->setToolTip(tr("Method, training and evaluation settings kept under a name"));
    presets->setMenu(new QMenu(presets));
    QObject::connect(presets->menu(), &QMenu::aboutToShow, &page, [this] { fillPresets(); });
    line->addWidget(label);
    line->addWidget(name, 1);
    line->addWidget(origin, 1);
    line->addWidget(presets);
    return top;
}

QWidget *ExperimentPage::Private::buildMiddle()
{
    tabs = new QTabWidget(&page);
    tabs->setObjectName(QStringLiteral("experimentTabs"));
    tabs->setDocumentMode(true);

    auto *formTab = new QWidget(tabs);
    auto *formLayout = new QVBoxLayout(formTab);
    formLayout->setContentsMargins(0, Theme::space(3), 0, 0);
    formLayout->setSpacing(Theme::space(2));
    rest = new QLabel(formTab);
    rest->setObjectName(QStringLiteral("otherProblems"));
    rest->setWordWrap(true);
    Theme::setRole(rest, TextRole::Error);
    rest->hide();
    formLayout->addWidget(rest);
    form = new SpecForm(dialogs, devices());
    auto *scroll = new QScrollArea(formTab);
    scroll->setObjectName(QStringLiteral("experimentScroll"));
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(form);
    scroll->setFocusPolicy(Qt::NoFocus);
    formLayout->addWidget(scroll, 1);
    tabs->addTab(formTab, tr("Form"));

    auto *jsonTab = new QWidget(tabs);
    auto *jsonLayout = new QVBoxLayout(jsonTab);
    jsonLayout->setContentsMargins(0, Theme::space(3), 0, 0);
    jsonLayout->setSpacing(Theme::space(2));
    json = new SpecEditor(jsonTab);
    jsonProblem = new QLabel(jsonTab);
    jsonProblem->setObjectName(QStringLiteral("specJsonProblem"));
    jsonProblem->setWordWrap(true);
    Theme::setRole(jsonProblem, TextRole::Error);
    jsonLayout->addWidget(json, 1);
    jsonLayout->addWidget(jsonProblem);
    auto *commandLine = new QHBoxLayout;
    command = new QLabel(jsonTab);
    command->setObjectName(QStringLiteral("experimentCommand"));
    command->setFont(Theme::monoFont());
    command->setTextInteractionFlags(Qt::TextSelectableByMouse);
    command->setWordWrap(true);
    auto *copy = new QPushButton(Theme::icon(QStringLiteral("copy")), tr("Copy"), jsonTab);
    copy->setToolTip(tr("Copy the command line"));
    QObject::connect(copy, &QPushButton::clicked, &page, [this] { copyCommandLine(); });
    commandLine->addWidget(command, 1);
    commandLine->addWidget(copy, 0, Qt::AlignTop);
    jsonLayout->addWidget(captionLabel(tr("The same run on a machine with no display, after Save spec as…")));
    jsonLayout->addLayout(commandLine);
    tabs->addTab(jsonTab, tr("Spec (JSON)"));
    return tabs;
}

void ExperimentPage::Private::buildLayout()
{
    buildActions();
    auto *layout = new QVBoxLayout(&page);
    layout->setContentsMargins(Theme::space(5), Theme::space(2), Theme::space(5), Theme::space(4));
    layout->setSpacing(Theme::space(3));
    layout->addWidget(buildTop());
    auto *columns = new QSplitter(Qt::Horizontal, &page);
    columns->setObjectName(QStringLiteral("experimentColumns"));
    columns->setChildrenCollapsible(false);
    picker = new MethodPicker(columns);
    forecastPanel = new ForecastPanel(columns);
    columns->addWidget(picker);
    columns->addWidget(buildMiddle());
    columns->addWidget(forecastPanel);
    columns->setStretchFactor(0, 0);
    columns->setStretchFactor(1, 1);
    columns->setStretchFactor(2, 0);
    const int unit = page.fontMetrics().averageCharWidth();
    picker->setMinimumWidth(unit * 26);
    forecastPanel->setMinimumWidth(unit * 30);
    tabs->setMinimumWidth(unit * 56);
    columns->setSizes({unit * 34, unit * 90, unit * 36});
    const QByteArray kept = workspace.settings().value(QStringLiteral("experiment/columns")).toByteArray();
    if (!kept.isEmpty())
        columns->restoreState(kept);
    QObject::connect(columns, &QSplitter::splitterMoved, &page,
                     [this, columns] { workspace.settings().setValue(QStringLiteral("experiment/columns"), columns->saveState()); });
    layout->addWidget(columns, 1);
}

} // namespace lethe
