#include "StoreReads.h"

namespace lethe {

StoreReads::StoreReads(const RunStore &store)
    : m_store(store)
{
    m_pool.setMaxThreadCount(1); // in order
}

StoreReads::~StoreReads()
{
    m_pool.clear();
    m_pool.waitForDone();
}

} // namespace lethe
