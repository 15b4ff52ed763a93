struct notifier_block {
    int (*notifier_call)(struct notifier_block *block, unsigned long action, void *data);
    struct notifier_block *next;
    int priority;
};
struct panic_notifier_s {
    void *rtcb;
    void *regs;
    const char *msg;
    const char *filename;
    int linenum;
};
void panic_notifier_chain_register(struct notifier_block *block);
