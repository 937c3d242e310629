/*
 * A host that unloads the module while one of its threads, which used it, still lives; with "leave" it does not
 * call C_Finalize before. The thread ends after that, and so does the process: nothing of the module may run then.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static CK_FUNCTION_LIST *p11;
static CK_SLOT_ID slot;
static const char *pin;
static pthread_barrier_t used, unloaded;

static void must(const char *what, CK_RV rv)
{
    if (rv == CKR_OK)
        return;
    fprintf(stderr, "%s: 0x%lx\n", what, rv);
    exit(1);
}

static void *use(void *unused)
{
    (void)unused;
    CK_SESSION_HANDLE session;
    CK_BYTE bytes[32];
    must("C_OpenSession", p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session));
    must("C_GenerateRandom", p11->C_GenerateRandom(session, bytes, sizeof bytes));
    must("C_Login", p11->C_Login(session, CKU_USER, (CK_UTF8CHAR *)pin, strlen(pin)));
    pthread_barrier_wait(&used);
    pthread_barrier_wait(&unloaded);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    pin = argv[2];
    void *module = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (module == NULL)
        return 1;
    CK_C_GetFunctionList get = (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList");
    must("C_GetFunctionList", get == NULL ? CKR_GENERAL_ERROR : get(&p11));
    must("C_Initialize", p11->C_Initialize(NULL));
    CK_SLOT_ID slots[16];
    CK_ULONG count = 16;
    must("C_GetSlotList", p11->C_GetSlotList(CK_TRUE, slots, &count));
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        must("C_GetTokenInfo", p11->C_GetTokenInfo(slots[i], &info));
        if (info.flags & CKF_TOKEN_INITIALIZED)
            slot = slots[i];
    }
    pthread_t thread;
    pthread_barrier_init(&used, NULL, 2);
    pthread_barrier_init(&unloaded, NULL, 2);
    pthread_create(&thread, NULL, use, NULL);
    pthread_barrier_wait(&used);
    if (strcmp(argv[3], "finalize") == 0)
        must("C_Finalize", p11->C_Finalize(NULL));
    dlclose(module);
    pthread_barrier_wait(&unloaded);
    pthread_join(thread, NULL);
    puts("unloaded");
    return 0;
}
