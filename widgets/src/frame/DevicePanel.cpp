#include "DevicePanel.h"

#include "../parts/Background.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <lethe/base/Device.h>

#include <QtWidgets/QFormLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QProgressBar>
#include <QtWidgets/QVBoxLayout>

namespace lethe {

namespace {

constexpr int kLookMilliseconds = 1000;

struct Look {
    const DeviceReport *report = nullptr;
    MemoryNow memory;
};

} // namespace

DevicePanel::DevicePanel(QWidget *parent)
    : Popup(tr("Device"), parent), m_device(new QLabel(this)), m_why(new QLabel(this)), m_processor(new QLabel(this)),
      m_library(new QLabel(this)), m_memory(new QLabel(this)), m_bar(new QProgressBar(this))
{
    auto *form = new QFormLayout;
    form->setHorizontalSpacing(Theme::space(4));
    form->setVerticalSpacing(Theme::space(2));
    const auto row = [&](const QString &name, QLabel *value) {
        auto *what = new QLabel(name, this);
        Theme::setRole(what, TextRole::Muted);
        value->setTextFormat(Qt::PlainText);
        value->setWordWrap(true);
        value->setTextInteractionFlags(Qt::TextSelectableByMouse);
        value->setMinimumWidth(fontMetrics().averageCharWidth() * 44);
        form->addRow(what, value);
    };
    row(tr("Runs use"), m_device);
    row(tr("Why"), m_why);
    row(tr("Processor"), m_processor);
    row(tr("Library"), m_library);
    row(tr("Memory"), m_memory);
    body()->addLayout(form);
    m_bar->setRange(0, 1000);
    m_bar->setTextVisible(false);
    m_bar->setAccessibleName(tr("Memory in use"));
    body()->addWidget(m_bar);
    m_timer.setInterval(kLookMilliseconds);
    connect(&m_timer, &QTimer::timeout, this, &DevicePanel::look);
    m_device->setText(tr("looking for devices…"));
}

void DevicePanel::showEvent(QShowEvent *event)
{
    look();
    m_timer.start();
    Popup::showEvent(event);
}

void DevicePanel::hideEvent(QHideEvent *event)
{
    m_timer.stop();
    Popup::hideEvent(event);
}

void DevicePanel::look()
{
    inBackground(this, [] {
        const DeviceReport &report = deviceReport();
        return Look{&report, memoryNow(report.cuda.empty() ? "cpu" : "cuda:0")};
    }, [this](const Look &seen) {
        const DeviceReport &report = *seen.report;
        m_device->setText(QString::fromStdString(report.summary()));
        m_why->setText(report.cuda.empty() ? tr("No CUDA device: %1.").arg(QString::fromStdString(report.whyNoCuda))
                                           : tr("A CUDA device was found; “auto” means the first one."));
        m_processor->setText(tr("%1, %n thread(s), %2", nullptr, report.cpuThreads)
                                 .arg(QString::fromStdString(report.cpuName), format::bytes(report.hostBytes)));
        m_library->setText(tr("LibTorch %1").arg(QString::fromStdString(report.torchVersion)));
        m_memory->setText(tr("%1 used by Lethe (peak %2), %3 of %4 free")
                              .arg(format::bytes(seen.memory.usedBytes), format::bytes(seen.memory.peakBytes),
                                   format::bytes(seen.memory.freeBytes), format::bytes(seen.memory.totalBytes)));
        if (seen.memory.totalBytes > 0)
            m_bar->setValue(static_cast<int>(1000 * (seen.memory.totalBytes - seen.memory.freeBytes) / seen.memory.totalBytes));
    });
}

} // namespace lethe
